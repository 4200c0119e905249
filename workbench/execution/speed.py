"""How long a plan will take, from measured speed.

The best estimate is the time of finished trials of the same arm; where there is none, a few
training steps and one forward pass of its network are timed, on a GPU those of the first network
only. Imports torch only for those.
"""

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from workbench.config.trial import TrialConfig
from workbench.data.image_store import ImageStore
from workbench.execution.executor import Task
from workbench.store.ledger import Ledger
from workbench.trial.images import TrialImages, open_images

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_PATCH_PX, _BATCH = 96, 4
"""Larger steps are not timed: their time is taken to grow with the number of px."""
_STEPS = 2
_CHUNK = 20
"""Steps of one call on a GPU."""
_LR_PX = 64
_START_S = 3.0
"""For a worker to start and import torch."""


def seconds_left(tasks: Sequence[Task], ledger: Ledger, workers: int, gpus: int = 1) -> float:
    """Estimate how many seconds the unfinished trials of a plan take.

    Args:
        tasks: The plan's trials, finished ones included; their images are packed.
        ledger: Of the store that holds the images.
        workers: Trials at a time. On a CPU each is taken to have a core of its own. On a GPU they
            share it: N lanes are taken to do together sqrt(N) times the steps of one, as eight
            lanes of MDRN-S do 2.5 times (batch 16) to 4.8 times (batch 4) on an H200.
        gpus: GPUs, if the trials train on them.
    """
    waiting = [task for task in tasks if task.result is None]
    each: dict[str, float] = {}
    timed = _Timed(ledger)
    for task in waiting:
        if task.arm not in each:
            each[task.arm] = _of_finished(task.arm, tasks) or (
                timed.seconds(task.config) * _slower_beside(task, workers / gpus)
            )
    total = sum(each[task.arm] for task in waiting)
    return max([total / workers, *each.values()]) if waiting else 0.0


class _Timed:
    """Times networks that no trial has finished.

    On a GPU only the first one is timed, as each takes seconds to build and to capture, in which
    the first trial could be trained. The others are taken to need as long for a px of a batch.

    Args:
        ledger: Of the store that holds the images.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._a_px: float | None = None
        """Seconds on a GPU."""

    def seconds(self, config: TrialConfig) -> float:
        """Return the seconds of a trial alone."""
        if config.training.device == "cpu":
            return _measured(config, self._ledger)
        px = sum(s.steps * s.batch_size * s.hr_patch_px**2 for s in config.training.stages)
        if self._a_px is None:
            self._a_px = _measured(config, self._ledger) / px
        return self._a_px * px


def _slower_beside(task: Task, lanes: float) -> float:
    """Return how many times longer a trial takes in one of so many lanes than alone."""
    return math.sqrt(max(1.0, lanes)) if task.config.training.device == "cuda" else 1.0


def duration_text(seconds: float) -> str:
    """Return a duration as text: `40 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _of_finished(arm: str, tasks: Sequence[Task]) -> float | None:
    times = [
        task.result.training_s + task.result.evaluation_s
        for task in tasks
        if task.arm == arm and task.result is not None
    ]
    return fmean(times) if times else None


def _lr_px(images: ImageStore) -> int:
    """Return the LR px of all images of a store."""
    sizes = (images.size_px(index) for index in range(len(images)))
    return sum(height * width for height, width in sizes) // images.scale**2


def _measured(config: TrialConfig, store: Ledger) -> float:
    """Time a few steps and a forward pass of a network that is not trained."""
    from workbench.models.own_code import own_code
    from workbench.system.global_state import random_streams_restored, torch_settings_kept

    with random_streams_restored(), torch_settings_kept(), own_code(config.model, "timed"):
        return _timed(config, store)


def _timed(config: TrialConfig, store: Ledger) -> float:
    import torch

    from workbench.models.factory import build_model
    from workbench.training.device import own_stream, prepare

    device = prepare(config.training.device, config.training.threads)
    images = open_images(config, store)
    with own_stream(device):
        model = build_model(config.model).to(device)

        def forward(count: int, side_px: int) -> "Tensor":
            found: Tensor = model(torch.rand(count, 3, side_px, side_px, device=device))
            return found

        with torch.no_grad():
            side = max(_LR_PX, config.model.smallest_lr_px())
            per_px = _time(lambda: float(forward(1, side).mean())) / side**2
        if config.is_lesion:
            return _START_S + per_px * sum(map(_lr_px, images.benchmarks))
        if device.type == "cpu":
            seconds = _eager_steps_s(config, forward)
        else:
            seconds = _chunks_of_steps_s(config, images, device)
            torch.cuda.empty_cache()  # the memory is for the workers
    validations = config.training.total_steps() // config.training.validate_every
    scored = validations * _lr_px(images.validation) + sum(map(_lr_px, images.benchmarks))
    return _START_S + seconds + per_px * scored


def _eager_steps_s(config: TrialConfig, forward: Callable[[int, int], "Tensor"]) -> float:
    """Time forward and backward passes, of a part of the batch where it is large."""
    seconds, scale = 0.0, config.model.scale
    for stage in config.training.stages:
        side = (
            min(stage.hr_patch_px, max(_PATCH_PX, config.model.smallest_lr_px() * scale)) // scale
        )
        batch = min(stage.batch_size, _BATCH)
        share = (stage.hr_patch_px / (side * scale)) ** 2 * (stage.batch_size / batch)
        one = _time(partial(_step, forward, batch, side))
        seconds += stage.steps * one * share
    return seconds


def _chunks_of_steps_s(config: TrialConfig, images: TrialImages, device: "torch.device") -> float:
    """Time whole steps as they are trained: on a GPU a step is captured and then replayed."""
    from workbench.training.graph_steps import step_runner
    from workbench.training.state import new_state
    from workbench.trial.crops import crop_samplers

    seconds = 0.0
    for stage, sampler in zip(config.training.stages, crop_samplers(config, images), strict=True):
        state = new_state(config, device)
        runner = step_runner(config, stage, state, sampler)
        count = min(runner.most_steps, stage.steps, _CHUNK)
        # It returns the losses, so the device has done its work.
        seconds += stage.steps * _time(partial(runner.run, 0, count)) / count
    return seconds


def _step(forward: Callable[[int, int], "Tensor"], batch: int, side_px: int) -> None:
    forward(batch, side_px).mean().backward()


def _time(work: Callable[[], object]) -> float:
    """Return the seconds of one call, after one that warms up."""
    work()
    started = time.perf_counter()
    for _ in range(_STEPS):
        work()
    return (time.perf_counter() - started) / _STEPS
