"""What `workbench ablate --dry-run` prints."""

from collections.abc import Iterator
from pathlib import Path

from workbench.cli.console import OUT, note, print_json, table
from workbench.execution.executor import Task
from workbench.execution.plan import Plan
from workbench.experiments.preview import StudyPreview
from workbench.reporting.evidence_texts import weights_text


def print_preview(preview: StudyPreview, store: Path, *, as_json: bool) -> None:
    """Print every trial of a study and whether the store has it."""
    plan, trials = preview.plan, preview.trials
    if as_json:
        kind = plan.base.config.evidence
        shown = [_trial_to_dict(trial) for trial in trials]
        print_json({"study": plan.study, "evidence": kind, "trials": shown})
        return
    made = table("variant", "seed", "steps", "key", "in the store")
    for trial in trials:
        steps = f"{trial.config.steps:,}"
        state = trial.result.state if trial.result else "-"
        made.add_row(trial.arm, str(trial.seed), steps, (trial.key or "?")[:12], state)
    OUT.print(made)
    OUT.print(
        f"{len(trials)} trials, {preview.finished} finished in {store}, "
        f"{len(trials) - preview.finished} to run\nstudy {plan.study}",
        soft_wrap=True,
    )
    for line in _about(plan):
        OUT.print(line, soft_wrap=True)
    if plan.looks:
        note(f"looks after {', '.join(map(str, plan.looks))} seeds; settled variants stop")
    if preview.tuning_trials:
        note(f"before them: {preview.tuning_trials} short trials choose learning rates")
    if any(trial.key is None for trial in trials):
        note("?: the images are not packed yet, so the ledger's keys are not known")


def _about(plan: Plan) -> Iterator[str]:
    """Yield kind of evidence, question and effects, as far as there are any."""
    start = plan.base.config.pretrained
    if start is not None:
        yield f"evidence: {start.evidence}, from {weights_text(plan.weights_name, start.hash)}"
    if plan.question:
        yield f"question: {plan.question}"
    yield from (f"effect: {effect.name}" for effect in plan.effects)


def _trial_to_dict(trial: Task) -> dict[str, object]:
    return {
        "variant": trial.arm,
        "seed": trial.seed,
        "key": trial.key,
        "finished": trial.result is not None,
    }
