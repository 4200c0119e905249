"""Scores of a network on a set of image pairs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from numpy import float32, uint8
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.data.pairs import ImagePairs, too_small
from workbench.errors import DataError, ForeignCodeError, WorkbenchError
from workbench.evaluation.metrics import score_image, smallest_hr_px, to_uint8
from workbench.evaluation.tiles import run_tiled
from workbench.models.outputs import device_of, output_problem
from workbench.results import DatasetScores, Protocol
from workbench.system.progress import Progress, silent


@dataclass(frozen=True)
class Tiling:
    """How an image is cut; None for the tile runs it whole."""

    tile_lr_px: int | None = None
    overlap_lr_px: int = 32


WHOLE = Tiling()


class NotFiniteError(WorkbenchError):
    """A network gave values that are infinite or not numbers: its weights are unusable."""


def evaluate(
    model: nn.Module,
    images: ImagePairs,
    *,
    smallest_lr_px: int = 1,
    tiling: Tiling = WHOLE,
    progress: Progress = silent,
) -> DatasetScores:
    """Score every image; the network is put back into its mode afterwards.

    Args:
        model: (1, 3, h, w) RGB in 0..1 to (1, 3, scale * h, scale * w), on its device.
        images: HR and LR images; their scale is the network's.
        smallest_lr_px: Least LR height and width that the network accepts.
        tiling: How images are cut.
        progress: Called for each image.

    Raises:
        DataError: For an image that cannot be used, or is too small to run or to score; the latter
            is found before the first one is run.
        NotFiniteError: If the network gives values that are no numbers.
    """
    scores = []
    for index, name in enumerate(images.names):
        height, width = images.size_px(index)
        check_size(name, (height // images.scale, width // images.scale), smallest_lr_px)
        problem = too_small((height, width), smallest_hr_px(images.scale))
        if problem:
            raise DataError(f"{name}: too small to be scored: {problem}")
    with inference(model) as device:
        for index, name in enumerate(images.names):
            lr, hr = images.lr(index), images.hr(index)
            output = run(model, lr, device, images.scale, smallest_lr_px, tiling)
            check_finite(name, output)
            scores.append(score_image(name, to_uint8(output), hr, images.scale))
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


@contextmanager
def inference(model: nn.Module) -> Iterator[torch.device]:
    """Put a network into evaluation mode without gradients; yield its device.

    Afterwards each of its modules is in the mode it was in.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield device_of(model)
    finally:
        for module, mode in modes:
            module.training = mode


def check_size(name: str, lr_size_px: tuple[int, int], smallest_lr_px: int) -> None:
    """Refuse an LR image of (height, width) px below the network's smallest input.

    Raises:
        DataError: With name, size and rule.
    """
    height, width = lr_size_px
    if min(height, width) < smallest_lr_px:
        raise DataError(
            f"{name}: the LR image is {width}x{height} px; this network needs at least "
            f"{smallest_lr_px}x{smallest_lr_px} LR px"
        )


def check_finite(name: str, output: Tensor) -> None:
    """Refuse an output with infinities or NaN, which would turn into some uint8 and some score.

    Raises:
        NotFiniteError: Naming the image.
    """
    if not bool(torch.isfinite(output).all()):
        raise NotFiniteError(
            f"{name}: the network gives values that are infinite or not numbers; "
            "its weights are unusable"
        )


def _run_checked(model: nn.Module, scale: int, image: Tensor) -> Tensor:
    out = model(image)
    problem = output_problem(out, image, scale)
    if problem:
        raise ForeignCodeError(f"the network is not one of x{scale}: {problem}")
    output: Tensor = out.to(torch.float32)
    return output


def run(
    model: nn.Module,
    lr: NDArray[uint8] | NDArray[float32],
    device: torch.device,
    scale: int,
    smallest_lr_px: int,
    tiling: Tiling,
) -> Tensor:
    """Run a network on one image (h, w, 3), uint8 or float32 in 0..1.

    Returns:
        (1, 3, scale * h, scale * w), float32, RGB in about 0..1.

    Raises:
        ForeignCodeError: If the network gives anything else.
    """
    values = torch.from_numpy(lr.copy()).to(device)  # packed images are read-only
    image = values.permute(2, 0, 1)[None].contiguous().to(torch.float32)
    if lr.dtype == uint8:
        image = image / 255
    checked = partial(_run_checked, model, scale)
    if tiling.tile_lr_px is None:
        return checked(image)
    return run_tiled(
        checked,
        image,
        scale=scale,
        tile_lr_px=tiling.tile_lr_px,
        overlap_lr_px=tiling.overlap_lr_px,
        smallest_lr_px=smallest_lr_px,
    )
