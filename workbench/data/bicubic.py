"""Low resolution from high resolution and back, as MATLAB's imresize makes it.

Papers score on images that MATLAB has scaled down; any other bicubic gives other scores (torch
with antialias +0.006 dB, Pillow -0.004, OpenCV -7.7 on Set5 x4).
"""

import importlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.config.data import Degradation
from workbench.errors import InputSizeError
from workbench.system.global_state import import_effects_undone

if TYPE_CHECKING:
    import torch

_STRIP_PX = 64
"""Width of the strips that are resized at a time. piq copies the image once for each of its 4 *
scale + 2 taps: strips bound the memory and, as they stay in the cache, take a sixth of the time."""


@cache
def imresize() -> Callable[..., "torch.Tensor"]:
    """Return piq's `imresize`, from the one file of piq that it needs.

    `import piq` also imports the networks of its metrics, torchvision and PyTorch's compiler: 1.4 s
    of a core in every process that makes an LR image.
    """
    piq = find_spec("piq")
    file = Path(piq.origin).parent / "functional" / "resize.py" if piq and piq.origin else None
    if file is None or not file.is_file():  # another release of piq keeps it elsewhere
        with import_effects_undone():
            found: Callable[..., torch.Tensor] = importlib.import_module("piq.functional").imresize
        return found
    spec = spec_from_file_location("piq_resize", file)
    assert spec
    assert spec.loader
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.imresize  # type: ignore[no-any-return]


def crop_to_multiple(hr: np.ndarray, scale: int) -> np.ndarray:
    """Cut right and bottom edges so that both sides are multiples of `scale`.

    Args:
        hr: (height, width, channels).
        scale: 2, 3 or 4.

    Returns:
        A view of `hr`.
    """
    height, width = hr.shape[:2]
    return hr[: height // scale * scale, : width // scale * scale]


def downscale(hr: np.ndarray, scale: int, degradation: Degradation) -> np.ndarray:
    """Make the LR image: MATLAB's `imresize(hr, 1 / scale, 'bicubic')`.

    Args:
        hr: uint8 RGB of shape (height, width, 3); it is cropped to a multiple of `scale` first.
        scale: 2, 3 or 4.
        degradation: `bicubic` rounds once, `bicubic-uint8` after the rows and after the columns,
            as MATLAB does with an image of integers.

    Returns:
        uint8 of shape (height // scale, width // scale, 3), C-contiguous.

    Raises:
        InputSizeError: For an image too small for the bicubic kernel: a side below 2 * scale.
    """
    import torch

    height, width = (side // scale for side in hr.shape[:2])
    if min(height, width) < 2:
        raise InputSizeError(
            f"{hr.shape[1]}x{hr.shape[0]} px, but x{scale} needs at least "
            f"{2 * scale}x{2 * scale} px"
        )
    with torch.inference_mode():
        # piq computes in float32 whatever it is given. Rounding half to even matches MATLAB's
        # files best: x3 and x4 of Set5 to the value, 54 of x2 differ by 1.
        image = torch.from_numpy(crop_to_multiple(hr, scale).copy()).permute(2, 0, 1).double()
        image = _resize_strips(image, (height, width * scale))
        if degradation == "bicubic-uint8":
            image = image.round().clamp(0, 255)
        # Columns are rows of the transposed image.
        image = _resize_strips(image.mT, (width, height)).mT
        small = image.round().clamp(0, 255).to(torch.uint8)
        return np.ascontiguousarray(small.permute(1, 2, 0).numpy())


def upscale(lr: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge an image: MATLAB's `imresize(lr, scale, 'bicubic')`, rounded once.

    Args:
        lr: uint8 RGB of shape (height, width, 3), each side at least 3 px.
        scale: 2, 3 or 4.

    Returns:
        uint8 of shape (scale * height, scale * width, 3), C-contiguous.
    """
    import torch

    with torch.inference_mode():
        image = enlarge(torch.from_numpy(lr.copy()).permute(2, 0, 1).float(), scale)
        large = image.round().clamp(0, 255).to(torch.uint8)
        return np.ascontiguousarray(large.permute(1, 2, 0).numpy())


def enlarge(image: "torch.Tensor", scale: int) -> "torch.Tensor":
    """Enlarge floating point values as `upscale` does, without rounding and clamping.

    Args:
        image: (channels, height, width) of float32, each side at least 3 px.
        scale: 2, 3 or 4.

    Returns:
        (channels, scale * height, scale * width).
    """
    height, width = (side * scale for side in image.shape[1:])
    image = _resize_strips(image, (height, width // scale))
    return _resize_strips(image.mT, (width, height)).mT


def _resize_strips(image: "torch.Tensor", size: tuple[int, int]) -> "torch.Tensor":
    """Resize (channels, height, width) to (channels, *size), strip by strip of the width."""
    import torch

    resize = imresize()
    strips = [
        resize(strip[None], sizes=(size[0], strip.shape[-1]))[0]
        for strip in image.split(_STRIP_PX, dim=-1)
    ]
    return torch.cat(strips, dim=-1)
