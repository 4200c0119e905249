"""PyTorch's variance on a CPU, bit for bit, in a third of its time.

`Tensor.var` there follows a running mean: a division for each value, each waiting for the one
before. Two passes, a mean and then the squares around it, wait for nothing. Both compute in float64
and round once to float32, so they differ only where a float64 error decides how to round. Such
values are recognised, and PyTorch computes those.
"""

from typing import Any

import torch
from torch import Tensor

_CHUNK = 1 << 16
"""Values that are widened to float64 at a time, 512 kB: they stay in the cache."""
_LEAST = 1 << 15
"""Fewer values are left to PyTorch: the calls here would cost more than they save."""
_THREADED = 1 << 15
"""Values from which on PyTorch may share one reduction out among its threads."""
_EPSILON = torch.finfo(torch.float64).eps


def variance(x: Tensor, *, correction: int) -> Tensor:
    """Return the variance over the last two dimensions, which stay as dimensions of size 1.

    Args:
        x: (..., H, W).
        correction: 0 for the population's variance, 1 for the unbiased one.

    Returns:
        (..., 1, 1); values and gradients are those of `x.var(dim=(-2, -1))`, to the bit.
    """
    if not (_can_look_at(x) and _is_worth_it(x, correction)):
        return x.var(dim=(-2, -1), correction=correction, keepdim=True)
    if x.requires_grad and torch.is_grad_enabled():
        out: Tensor = _Variance.apply(x, correction)
        return out
    return _variance(x, correction)


def _can_look_at(x: Tensor) -> bool:
    """Return whether values may decide what is computed: not while a compiler traces."""
    return (
        type(x) in (Tensor, torch.nn.Parameter)  # a subclass may have no values
        and x.device.type == "cpu"
        and x.dtype is torch.float32
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]
    )


def _is_worth_it(x: Tensor, correction: int) -> bool:
    count = x.shape[-2] * x.shape[-1]
    return x.numel() >= _LEAST and x.numel() > count > correction  # a single map is fast already


class _Variance(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, correction: int) -> Tensor:
        ctx.save_for_backward(x)
        ctx.correction = correction
        return _variance(x, correction)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        factor = 2.0 / (x.shape[-2] * x.shape[-1] - ctx.correction)
        # PyTorch's own formula, in its order: the bits are the same.
        return factor * gradient * (x - x.mean(dim=(-2, -1), keepdim=True)), None


def _variance(x: Tensor, correction: int) -> Tensor:
    count = x.shape[-2] * x.shape[-1]
    planes = x.reshape(-1, count)
    parts = [_statistics(part) for part in planes.split(max(1, _CHUNK // count))]
    mean, population = (torch.cat(values) for values in zip(*parts, strict=True))
    value = population * (count / (count - correction))
    # Relative error of a running mean: count * sqrt(1 + mean^2 / variance) * epsilon, and less for
    # two passes (Chan, Golub, LeVeque 1983). A flat map divides by 0, which fails the comparison.
    error = 4 * count * _EPSILON * (1 + mean.square() / population).sqrt()
    lowest, highest = (value * (1 - error)).float(), (value * (1 + error)).float()
    doubtful = (lowest != highest).nonzero().flatten()
    if doubtful.numel() and not _is_row_by_row(x):
        return x.var(dim=(-2, -1), correction=correction, keepdim=True)
    if doubtful.numel():
        several = doubtful.repeat(2)  # a single map PyTorch adds up in another way
        lowest[several] = planes[several].var(dim=1, correction=correction)
    return lowest.view(*x.shape[:-2], 1, 1)


def _is_row_by_row(x: Tensor) -> bool:
    """Return whether PyTorch takes the values of each map in the order of its rows."""
    return x.stride(-1) <= x.stride(-2) and x.shape[-2] * x.shape[-1] < _THREADED


def _statistics(planes: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and population variance of each row of (rows, count), in float64."""
    mean, population = torch.batch_norm_update_stats(planes.double()[None], None, None, 0.0)
    return mean, population
