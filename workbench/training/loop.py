"""The training loop: from initial weights, or a checkpoint, to the averaged weights."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.models.own_code import own_code
from workbench.results import CurvePoint, ImageScore, PerImage, mean_of
from workbench.system.progress import Progress
from workbench.training.graph_steps import step_runner
from workbench.training.schedule import learning_rate, steps_from, steps_to_report
from workbench.training.state import TrainingState, save_checkpoint

OnPoint = Callable[[CurvePoint], None]


class StopTraining(Exception):  # noqa: N818 (a request, not an error)
    """Raised by a callback to end a training early; the checkpoint is written first."""


@dataclass(frozen=True)
class Diverged:
    """The loss stopped being a number."""

    step: int
    """The step, from 1, whose loss was not finite."""
    loss: float

    def describe(self) -> str:
        """Return the reason of the result."""
        return f"the loss was {self.loss} at step {self.step}"


@dataclass(frozen=True)
class TrainContext:
    """What a training needs besides its config and state."""

    samplers: tuple[CropSampler, ...]
    """One for each stage."""
    validate: Callable[[TrainingState], tuple[ImageScore, ...]]
    """Scores the averaged weights on every validation image."""
    on_point: OnPoint
    progress: Progress
    checkpoint: Path
    store: Path


def train(config: TrialConfig, state: TrainingState, context: TrainContext) -> Diverged | None:
    """Run the steps that are left.

    A checkpoint is written every `checkpoint_every` steps, after the last step, and before any
    exception of a callback is passed on (Ctrl-C, pruning), so no step is lost.

    Returns:
        None when the last step is done, or where the loss stopped being finite.

    Raises:
        StoreError: If a checkpoint cannot be written.
    """
    total = config.training.total_steps()
    runner, stage = None, -1
    state.model.train()
    while state.step < total:
        step = next(steps_from(config.training, state.step))
        started = time.perf_counter()
        if step.local == 0:
            state.restart_optimizer(config.training)
        if runner is None or step.stage != stage:
            runner, stage = None, step.stage  # which frees what the last stage held
            with own_code(config.model, "trained"):
                runner = step_runner(config, step.config, state, context.samplers[stage])
        count = steps_to_report(config.training, state.step, runner.most_steps)
        with own_code(config.model, f"trained from step {state.step:,}"):
            losses = runner.run(step.local, count)
        diverged = _add_losses(state, losses)
        if diverged:
            return diverged
        state.training_s += time.perf_counter() - started
        is_last = state.step == total
        validate = is_last or state.step % config.training.validate_every == 0
        _report(config, state, context, total=total, validate=validate)
        if is_last or state.step % config.training.checkpoint_every == 0:
            save_checkpoint(state, context.checkpoint, store=context.store)
    return None


def _add_losses(state: TrainingState, losses: list[float]) -> Diverged | None:
    """Count the steps of these losses up to the first loss that is not finite."""
    for number, loss in enumerate(losses, start=1):
        if not math.isfinite(loss):
            state.step += number
            return Diverged(state.step, loss)
    state.step += len(losses)
    state.losses += losses
    return None


def _report(
    config: TrialConfig, state: TrainingState, context: TrainContext, *, total: int, validate: bool
) -> None:
    """Call the callbacks; if one raises, the state is saved first."""
    loss = f"loss {state.losses[-1]:.4f}"
    if validate:
        state.curve.append(_curve_point(config, state, context))
        state.losses = []
    try:
        if validate:
            context.on_point(state.curve[-1])
        context.progress(state.step, total, loss)
    except BaseException:
        save_checkpoint(state, context.checkpoint, store=context.store)
        raise


def _curve_point(config: TrialConfig, state: TrainingState, context: TrainContext) -> CurvePoint:
    last = next(steps_from(config.training, state.step - 1))
    with own_code(config.model, f"scored at step {state.step:,}"):
        images = context.validate(state)
    state.model.train()
    return CurvePoint(
        step=state.step,
        time_s=time.time(),
        loss=statistics.fmean(state.losses),
        learning_rate=learning_rate(last.config, last.local),
        score=mean_of(images),
        per_image=PerImage.of(images),
    )
