"""Scores of a network on a set of image pairs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from torch import nn

from workbench.config.evaluation import InferencePrecision
from workbench.data.pairs import ImagePairs, too_small
from workbench.errors import DataError
from workbench.evaluation.metrics import smallest_hr_px
from workbench.evaluation.running import WHOLE, Tiling, inference, run_on_tensor
from workbench.evaluation.scorers import Run, scorer_of
from workbench.evaluation.throughput import RunTimer
from workbench.results import DatasetScores, Protocol
from workbench.system.progress import Progress, silent


def evaluate(
    model: nn.Module,
    images: ImagePairs,
    *,
    smallest_lr_px: int = 1,
    tiling: Tiling = WHOLE,
    each: Callable[[], AbstractContextManager[object]] = nullcontext,
    timer: RunTimer | None = None,
    progress: Progress = silent,
) -> DatasetScores:
    """Score every image; the network is put back into its mode afterwards.

    A network on CUDA has its outputs scored there (`device_metrics`), one on the CPU by
    scikit-image (`metrics`).

    Args:
        model: (1, 3, h, w) RGB in 0..1 to (1, 3, scale * h, scale * w), on its device.
        images: HR and LR images; their scale is the network's.
        smallest_lr_px: Least LR height and width that the network accepts; smaller images are
            padded by reflection, and the output is cropped.
        tiling: How images are cut.
        each: Gives the context in which one image is run and scored, such as a lock of the device;
            when it is left, the device is done with the image.
        timer: Times the runs of the network.
        progress: Called for each image.

    Returns:
        The scores; their protocol is that of a network in fp32, see `with_inference`.

    Raises:
        DataError: For an image that cannot be used, or is too small to score; the latter is found
            before the first one is run.
        NotFiniteError: If the network gives values that are no numbers.
    """
    check_images(images)
    scores = []
    run: Run = partial(
        run_on_tensor, model, scale=images.scale, smallest_lr_px=smallest_lr_px, tiling=tiling
    )
    if timer is not None:
        run = timer.timed(run)
    with inference(model) as device:
        score = scorer_of(device, tiling)
        for index, name in enumerate(images.names):
            with each():
                scores.append(score(run, images, index, device))
            progress(index + 1, len(images), name)
    return DatasetScores(
        dataset=images.name,
        protocol=Protocol(
            scale=images.scale,
            crop_px=images.scale,
            lr_origin=images.lr_origin,
            data_hash=images.content_hash,
            tile_lr_px=tiling.tile_lr_px,
            tile_overlap_lr_px=tiling.overlap_lr_px if tiling.tile_lr_px else None,
        ),
        images=tuple(scores),
    )


def with_inference(
    scores: DatasetScores, precision: InferencePrecision, *, self_ensemble: bool
) -> DatasetScores:
    """Return scores whose protocol says what the network computed in, and on what."""
    update = {"precision": precision, "self_ensemble": self_ensemble}
    protocol = scores.protocol.model_copy(update=update)
    return scores.model_copy(update={"protocol": protocol})


def check_images(images: ImagePairs) -> None:
    """Refuse a set with an image that is too small to score.

    Raises:
        DataError: Naming the image, its size and the rule.
    """
    for index, name in enumerate(images.names):
        problem = too_small(images.size_px(index), smallest_hr_px(images.scale))
        if problem:
            raise DataError(f"{name}: too small to be scored: {problem}")
