"""How kernels see a tensor: as planes of H x W px, wherever these lie in memory."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

WIDTHS = (128, 64, 32)
"""Widths of a tile in px."""
MOST_MAPS = 4
"""That one kernel adds up."""


def dense_planes(x: Tensor) -> Tensor:
    """Return x (N, C, H, W), copied only where a plane of it is not H * W values in a row.

    Slices by channel, such as the parts of a concatenation, are taken as they are.
    """
    height, width = x.shape[2:]
    rows = x.stride(3) == 1 or width == 1
    return x if rows and (x.stride(2) == width or height == 1) else x.contiguous()


def plane_strides(x: Tensor) -> tuple[int, int]:
    """Return the steps in values from one image, and from one channel, to the next."""
    return x.stride(0), x.stride(1)


def tile_width(width: int) -> int:
    """Return the width of a tile that leaves the fewest threads without a pixel; ties: the wider.

    Args:
        width: Of the map in px.
    """
    return min(WIDTHS, key=lambda tile: (-(-width // tile) * tile, -tile))


def on_device_of(x: Tensor) -> AbstractContextManager[object]:
    """Return a context in which Triton launches on the device of x."""
    return torch.cuda.device(x.device) if x.is_cuda else nullcontext()
