"""What a study would run, for `workbench ablate --dry-run`. No torch."""

from dataclasses import dataclass
from pathlib import Path

from workbench.ablation.retuning import tuning_plan
from workbench.execution.executor import Task
from workbench.execution.lookup import look_up
from workbench.execution.plan import Plan
from workbench.experiments.study_plan import matched, plan_study
from workbench.experiments.study_spec import StudySpec
from workbench.system.events import Emit, ignore


@dataclass(frozen=True)
class StudyPreview:
    """What would run."""

    plan: Plan
    trials: tuple[Task, ...]
    tuning_trials: int
    """Short trials before them that choose learning rates."""

    @property
    def finished(self) -> int:
        """Trials that the store has already."""
        return sum(trial.result is not None for trial in self.trials)


def preview(spec: StudySpec, store: Path, emit: Emit = ignore) -> StudyPreview:
    """Return every trial of a study and what the store has of it. Decodes nothing, loads no torch.

    Args:
        spec: What is requested.
        store: The store; it may be absent.
        emit: Gets notes.

    Raises:
        WorkbenchError: If the request or a folder cannot be used.
    """
    study = matched(plan_study(spec, emit, store), store, emit)
    tuning = len(tuning_plan(study.plan).trials()) if study.retune else 0
    return StudyPreview(study.plan, tuple(look_up(study.plan, store)), tuning)
