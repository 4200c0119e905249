"""The training loop: from initial weights, or a checkpoint, to the averaged weights."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from workbench.config.training import Loss
from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.results import CurvePoint, MeanScore
from workbench.system.progress import Progress
from workbench.training.device import CHECK_LOSS_EVERY, autocast, images_to_device
from workbench.training.schedule import Step, learning_rate, steps_from
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

    device: torch.device
    samplers: tuple[CropSampler, ...]
    """One for each stage."""
    validate: Callable[[TrainingState], MeanScore]
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
    look_every = CHECK_LOSS_EVERY[config.training.device]
    pending: list[Tensor] = []
    state.model.train()
    for step in steps_from(config.training, state.step):
        started = time.perf_counter()
        pending.append(_train_step(config, state, step, context))
        state.step += 1
        at_validation = state.step % config.training.validate_every == 0 or state.step == total
        at_checkpoint = state.step % config.training.checkpoint_every == 0 or state.step == total
        if at_validation or at_checkpoint or len(pending) >= look_every:
            diverged = _look_at_losses(state, pending)
            if diverged:
                return diverged
        state.training_s += time.perf_counter() - started
        if not pending:
            _report(config, state, context, total=total, validate=at_validation)
        if at_checkpoint:
            save_checkpoint(state, context.checkpoint, store=context.store)
    return None


def _train_step(
    config: TrialConfig, state: TrainingState, step: Step, context: TrainContext
) -> Tensor:
    """Run one step and return its loss, still on the device."""
    if step.local == 0:
        state.restart_optimizer(config.training)
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate(step.config, step.local)
    lr, hr = context.samplers[step.stage].batch(step.local)
    with autocast(config.training):
        output = state.model(images_to_device(torch.from_numpy(lr), context.device))
    target = images_to_device(torch.from_numpy(hr), context.device)
    loss = LOSSES[step.config.loss](output.float(), target)
    state.optimizer.zero_grad(set_to_none=True)
    state.scaler.scale(loss).backward()
    state.scaler.step(state.optimizer)
    state.scaler.update()
    state.average.update_parameters(state.model)
    return loss.detach()


def _look_at_losses(state: TrainingState, pending: list[Tensor]) -> Diverged | None:
    """Move the pending losses to the host and find the first that is not finite."""
    values = torch.stack(pending).tolist()
    first = state.step - len(values) + 1
    pending.clear()
    for offset, loss in enumerate(values):
        if not math.isfinite(loss):
            return Diverged(first + offset, loss)
    state.losses += values
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
    score = context.validate(state)
    state.model.train()
    return CurvePoint(
        step=state.step,
        time_s=time.time(),
        loss=statistics.fmean(state.losses),
        learning_rate=learning_rate(last.config, last.local),
        score=score,
    )


def _charbonnier(output: Tensor, target: Tensor) -> Tensor:
    return ((output - target).square() + 1e-12).sqrt().mean()


LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": functional.l1_loss,
    "charbonnier": _charbonnier,
    "l2": functional.mse_loss,
}
