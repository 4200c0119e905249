"""PyTorch's operations; on CUDA two of them rewritten, because PyTorch's have no fixed result.

The backward of `functional.pad(mode="reflect")` and of `functional.interpolate` adds by atomics on
CUDA, in an order that changes from run to run. The rewrites compute the same without atomics, and
nothing in this file waits for the device, so that all of it can be captured in a CUDA graph.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workbench.config.attention import Activation, Padding
from workbench.kernels.cpu_variance import variance
from workbench.kernels.enlargement import enlarged_by_products
from workbench.kernels.operations import POOL_STRIDE

LEAKY_SLOPE = 0.05
"""RFDN's slope of LeakyReLU."""

ACTIVATE: dict[Activation, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,  # the exact form, as published
    "relu": functional.relu,
    "leaky-relu": partial(functional.leaky_relu, negative_slope=LEAKY_SLOPE),
    "silu": functional.silu,
    "mish": functional.mish,
    "hardswish": functional.hardswish,
}


def at_least_float32(x: Tensor) -> Tensor:
    """Second moments underflow in half precision; wider types stay as they are."""
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def contrast(x: Tensor) -> Tensor:
    """Population standard deviation over height and width.

    A map without contrast has the gradient 0 here, where that of a plain square root is not a
    number; the values are those of the square root.

    Args:
        x: (N, C, H, W).

    Returns:
        (N, C, 1, 1), at least in float32.
    """
    spread = variance(at_least_float32(x), correction=0)
    flat = spread == 0
    return spread.masked_fill(flat, 1).sqrt().masked_fill(flat, 0)


def finished(out: Tensor, skip: Tensor | None, activation: Activation | None) -> Tensor:
    """Return activation(out + skip) of a convolution's output."""
    out = out if skip is None else out + skip
    # Costs are counted on the meta device, where a GELU is ten operations without values.
    return out if activation is None or out.is_meta else ACTIVATE[activation](out)


def mirrored(x: Tensor, px: int) -> Tensor:
    """Mirror the border of (N, C, H, W) by `px`, with a backward that has one fixed result.

    The values are those of `functional.pad(mode="reflect")`.
    """
    if x.requires_grad and torch.is_grad_enabled():
        out: Tensor = _Mirrored.apply(x, px)
        return out
    return functional.pad(x, (px,) * 4, mode="reflect")


class _Mirrored(torch.autograd.Function):
    """PyTorch's forward, and a backward that adds the mirrored borders slice by slice."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, px: int) -> Tensor:
        ctx.px = px
        return functional.pad(x, (px,) * 4, mode="reflect")

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _folded(_folded(gradient, ctx.px, 2), ctx.px, 3), None


def _folded(gradient: Tensor, px: int, dim: int) -> Tensor:
    """Take `px` off both ends of a dimension and add them to where they were mirrored from."""
    size = gradient.shape[dim] - 2 * px
    first, inner, last = gradient.split((px, size, px), dim)
    folded: Tensor = inner.clone(memory_format=torch.contiguous_format)
    folded.narrow(dim, 1, px).add_(first.flip(dim))
    folded.narrow(dim, size - 1 - px, px).add_(last.flip(dim))
    return folded


@dataclass(frozen=True)
class EagerOperations:
    """The reference of every other implementation of `Operations`."""

    rewrite_everywhere: bool = False
    """Whether the rewrites replace PyTorch's operations on every device, not only on CUDA."""

    def depthwise(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        *,
        stride: int = 1,
        padding: Padding = "zeros",
        scale: Tensor | None = None,
        skip: Tensor | None = None,
        activation: Activation | None = None,
    ) -> Tensor:
        """Return activation(convolve(x * scale) + bias + skip)."""
        x = x if scale is None else x * scale
        width = 1
        if padding == "reflect":
            x, width = self.pad(x, 1, padding), 0
        out = functional.conv2d(x, weight, bias, stride, width, groups=weight.shape[0])
        return finished(out, skip, activation)

    def pointwise(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return the 1x1 convolution."""
        return functional.conv2d(x, weight, bias)

    def pad(self, x: Tensor, px: int, padding: Padding) -> Tensor:
        """Return the map with a border of `px` on all sides."""
        if px == 0:
            return x
        if padding == "zeros":
            return functional.pad(x, (px,) * 4)
        if self._rewrites(x):
            return mirrored(x, px)
        return functional.pad(x, (px,) * 4, mode="reflect")

    def spread_sum(
        self, maps: Sequence[Tensor], base: Tensor | None, size: tuple[int, int]
    ) -> Tensor:
        """Return the sum of the enlarged maps and the base."""
        first, *others = (self._enlarged(x, size) for x in maps)
        total = first
        for other in others:
            total = total + other
        return total if base is None else total + base

    def local_variance(self, x: Tensor, level: int, pad: int) -> Tensor:
        """Return the unbiased variance of each window."""
        x = self.pad(at_least_float32(x), pad, "reflect")
        windows = x.unfold(2, level, POOL_STRIDE).unfold(3, level, POOL_STRIDE)
        # (N, f, H', W', level, level) -> (N, f, H', W')
        return variance(windows, correction=1).flatten(3)

    def contrast_and_mean(self, x: Tensor) -> Tensor:
        """Return each map's population standard deviation plus its mean."""
        return contrast(x) + at_least_float32(x).mean(dim=(2, 3), keepdim=True)

    def gate(self, x: Tensor, logits: Tensor, *, add_input: bool = False) -> Tensor:
        """Return x * sigmoid(logits), plus x if `add_input`."""
        gated = x * logits.sigmoid()
        return gated + x if add_input else gated

    def _enlarged(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        if self._rewrites(x):
            return enlarged_by_products(x, size)
        if x.is_meta:  # PyTorch goes through 50 operations there
            return x.new_empty((*x.shape[:2], *size))
        return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)

    def _rewrites(self, x: Tensor) -> bool:
        return self.rewrite_everywhere or x.is_cuda


EAGER = EagerOperations()
"""PyTorch's operations; on a CPU exactly its own, on CUDA with the rewrites."""
