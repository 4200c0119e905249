"""What every network must return, ours or foreign, and which device it runs on."""

from itertools import chain

import torch
from torch import Tensor, nn


def device_of(model: nn.Module) -> torch.device:
    """Return the device of a network's tensors; the CPU if it has none."""
    tensors = chain(model.parameters(), model.buffers())
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


def output_problem(out: object, lr: Tensor, scale: int | None) -> str | None:
    """Say why an output is no enlarged image; None if it is one.

    Args:
        out: What a network gave.
        lr: (N, 3, h, w), what it got.
        scale: By how much it enlarges; None accepts any size.
    """
    wanted = "(N, 3, H, W)"
    if scale is not None:
        count, channels, height, width = lr.shape
        wanted = f"({count}, {channels}, {height * scale}, {width * scale})"
    if isinstance(out, Tensor):
        size = scale is None or out.shape[2:] == (lr.shape[2] * scale, lr.shape[3] * scale)
        if out.ndim == 4 and out.shape[:2] == lr.shape[:2] and size:
            return _kind_problem(out)
        found = str(tuple(out.shape))
    else:
        found = type(out).__name__
    return f"an input of {tuple(lr.shape)} must give an image of {wanted}, got {found}"


def _kind_problem(out: Tensor) -> str | None:
    if out.layout is not torch.strided:
        return f"the output must be a dense tensor, got {str(out.layout).removeprefix('torch.')}"
    if not out.is_floating_point():
        kind = str(out.dtype).removeprefix("torch.")
        return f"the output must hold floating-point numbers, got {kind}"
    return None
