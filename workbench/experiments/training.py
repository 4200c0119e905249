"""One network trained: through the ledger, so that a stopped training resumes."""

from dataclasses import dataclass
from pathlib import Path

from workbench.analysis.baseline import shortfalls
from workbench.errors import ConfigError, WorkbenchError
from workbench.experiments.early_stop import stopped_early
from workbench.experiments.run_context import RunContext
from workbench.experiments.running import announce, prepare, train
from workbench.experiments.train_spec import TrainSpec, plan_training
from workbench.reporting.baseline import below_text
from workbench.reporting.wording import overlap_texts
from workbench.results import TrialResult, TrialState
from workbench.store.store import Store
from workbench.system.events import Emit, ignore


@dataclass(frozen=True)
class TrainedNetwork:
    """A training that has ended with weights."""

    study: str
    variant: str
    seed: int
    result: TrialResult
    weights: Path
    """In the store."""
    was_finished: bool
    """Whether the store had it already, so that nothing was trained."""
    in_mlflow: bool
    """Whether MLflow shows the trial."""


def train_network(spec: TrainSpec, context: RunContext, emit: Emit = ignore) -> TrainedNetwork:
    """Train a network, resume its training, or find that it is finished.

    The trial is the one that an ablation of this network, recipe, images and seed would run: each
    finds what the other has finished.

    Args:
        spec: What is trained.
        context: Where and how.
        emit: Gets the events of the trial, notes and cautions.

    Raises:
        StoppedByUserError: After Ctrl-C; the same call resumes.
        StoppedEarlyError: After SIGTERM, SIGUSR1 or the time limit; the same call resumes.
        WorkbenchError: If the training diverged, ran out of memory or cannot start.
    """
    plan = plan_training(spec)
    if len(context.executor.devices) > 1:
        raise ConfigError(
            f"--devices: one network trains on one GPU, got {len(context.executor.devices)}"
        )
    context = context.on(plan.base.config.training.device)
    with stopped_early(context, emit) as watched:
        ready = prepare(plan, context, emit)
        announce([ready], context, emit)
        watched.plan(len(ready.trials))
        trained = train(ready, context, emit=watched.emit)
    (result,) = trained.results[plan.base.name]
    if result.state is not TrialState.COMPLETE:
        raise WorkbenchError(
            f"{spec.name} seed {plan.seeds[0]}: {result.state}, so there are no weights "
            f"({result.reason})"
        )
    return TrainedNetwork(
        study=plan.study,
        variant=plan.base.name,
        seed=plan.seeds[0],
        result=result,
        weights=Store(context.store.absolute()).weights(result.training_key),
        was_finished=trained.reused == 1,
        in_mlflow=trained.in_mlflow,
    )


def training_warnings(trained: TrainedNetwork) -> list[str]:
    """Return what a reader of the scores must know: images in both sets, results below bicubic."""
    found = overlap_texts([trained.result])
    for scores in trained.result.scores:
        if scores.bicubic is None:
            continue
        short = shortfalls({trained.variant: scores.mean().psnr_rgb_db}, scores.bicubic.psnr_rgb_db)
        if short:
            found.append(below_text(scores.dataset, short, scores.bicubic.psnr_rgb_db))
    return found
