"""Running a network on one image: modes, sizes, tiles, and what its output must be."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from numpy import float32, uint8
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.errors import ForeignCodeError, WorkbenchError
from workbench.evaluation.padding import padded_to
from workbench.evaluation.tiles import run_tiled
from workbench.models.outputs import device_of, output_problem
from workbench.models.own_code import own_code


@dataclass(frozen=True)
class Tiling:
    """How an image is cut; None for the tile runs it whole."""

    tile_lr_px: int | None = None
    overlap_lr_px: int = 32


WHOLE = Tiling()


class NotFiniteError(WorkbenchError):
    """A network gave values that are infinite or not numbers: its weights are unusable."""

    @classmethod
    def of(cls, name: str) -> "NotFiniteError":
        """Return the error that names an image."""
        return cls(
            f"{name}: the network gives values that are infinite or not numbers; "
            "its weights are unusable"
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


def check_finite(name: str, output: Tensor) -> None:
    """Refuse an output with infinities or NaN, which would turn into some uint8 and some score.

    Raises:
        NotFiniteError: Naming the image.
    """
    if not bool(torch.isfinite(output).all()):
        raise NotFiniteError.of(name)


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
    return run_on_tensor(model, values, scale, smallest_lr_px, tiling)


def run_on_tensor(
    model: nn.Module, lr: Tensor, scale: int, smallest_lr_px: int, tiling: Tiling
) -> Tensor:
    """Run a network on one image (h, w, 3), uint8 or float32 in 0..1, on the network's device.

    An image below the network's least size is padded by reflection first, then cut into tiles, and
    the output is cropped.

    Returns:
        (1, 3, scale * h, scale * w), float32, RGB in about 0..1: on the device if the image is run
        whole, on the CPU if it is run in tiles.

    Raises:
        ForeignCodeError: If the network gives anything else.
    """
    image = lr.permute(2, 0, 1)[None].contiguous().to(torch.float32)
    if lr.dtype == torch.uint8:
        image = image / 255
    checked = partial(_run_checked, model, scale)
    padded = padded_to(image, smallest_lr_px)
    if tiling.tile_lr_px is None:
        output = checked(padded)
    else:
        output = run_tiled(
            checked,
            padded,
            scale=scale,
            tile_lr_px=tiling.tile_lr_px,
            overlap_lr_px=tiling.overlap_lr_px,
            smallest_lr_px=smallest_lr_px,
        )
    if padded is image:
        return output
    height, width = image.shape[2:]
    return output[:, :, : scale * height, : scale * width].contiguous()


def _run_checked(model: nn.Module, scale: int, image: Tensor) -> Tensor:
    with own_code(getattr(model, "config", None), f"run on an input of {tuple(image.shape)}"):
        out = model(image)
    problem = output_problem(out, image, scale)
    if problem:
        raise ForeignCodeError(f"the network is not one of x{scale}: {problem}")
    output: Tensor = out.to(torch.float32)
    return output
