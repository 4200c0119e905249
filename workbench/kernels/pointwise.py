"""1x1 convolution as a product of matrices, forward and backward.

    y = W x + b        x (N, C, H, W), W (C', C, 1, 1), b (C',), y (N, C', H, W)

Up to 64 channels on both sides. bfloat16 and float16 maps are multiplied by the matrix units, and
float32 ones, too, if the recipe's precision is tf32; in fp32 by ordinary multiply-adds, which 64
channels do not need more of than the memory has time for. All sums are in float32. The maps stay
(N, C, H, W): px of a plane are the columns of the product, so no map is transposed on the way.

Traffic: forward x read and y written. Backward: y's gradient read and x's written by the kernel of
the forward pass, with the weights transposed; then both y's gradient and x read for the gradients
of W and b. A program adds up the latter over its blocks of px, and a second kernel adds up the
programs in a fixed order: no atomics. For small maps, whose time is that of launching kernels, some
programs of one kernel do the first and others the second. (A program that does both, to read y's
gradient once, holds too much in registers: 13.5 us for 11.7 at batch 8 and LR 48 px, H200.)
"""

from dataclasses import dataclass
from typing import Any

import torch
import triton
from torch import Tensor
from torch.autograd.function import once_differentiable

from workbench.kernels import pointwise_kernels as kernels
from workbench.kernels.fused import MOST_CHANNELS
from workbench.kernels.planes import on_device_of
from workbench.system.float32 import float32

PARTS = 64
"""Sums of programs that the last kernel has in hand at a time."""


WARPS = 4
"""Of a program that multiplies by W."""


@dataclass(frozen=True)
class Cut:
    """How the backward pass is cut into programs."""

    px: int
    """Of a block that is added up; both operands of a product have them in registers."""
    warps: int
    """Of a program that adds up, in a kernel of its own."""
    most_programs: int
    """That add up; more of them would only write more sums."""
    joined_px: int
    """Maps of so many px or fewer have one kernel for the gradient of x and the sums."""


CUTS = {"ieee": Cut(32, 4, 1056, 1 << 14), "tf32": Cut(64, 4, 1056, 1 << 14)}
"""By how the products are made."""


def pointwise(x: Tensor, weight: Tensor, bias: Tensor | None, *, differentiable: bool) -> Tensor:
    """Return W x + b.

    Args:
        x: (N, C, H, W).
        weight: (C', C, 1, 1).
        bias: (C',).
        differentiable: Whether a backward pass may follow.

    Returns:
        (N, C', H, W) in the dtype of x.
    """
    result: Tensor = _Pointwise.apply(x, weight, bias, differentiable)
    return result


class _Pointwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, differentiable: bool
    ) -> Tensor:
        x, weight = x.contiguous(), weight.contiguous()
        precision = _precision(x)
        if differentiable:
            ctx.save_for_backward(x, weight)
            ctx.bias_dtype = None if bias is None else bias.dtype
            ctx.precision = precision
        (images, taken, height, width), given = x.shape, weight.shape[0]
        out = x.new_empty((images, given, height, width))
        px = _product_px(precision, taken)
        with on_device_of(x):
            kernels.forward[(images * triton.cdiv(height * width, px),)](
                x, weight, bias, out, taken, given, height * width, PRECISION=precision,
                **_constants(x, taken, given), PX=px, num_warps=WARPS,
            )  # fmt: skip
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        gradient = gradient.contiguous()
        x_gradient = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        sums = _backward(gradient, x, weight, x_gradient, ctx.precision)
        return x_gradient, *_parameter_gradients(sums, weight, ctx.bias_dtype), None


def _precision(x: Tensor) -> str:
    """Return how Triton makes the products; half precision takes the matrix units as TF32 does."""
    is_true = x.dtype == torch.float32 and float32().convolutions != "tf32"
    return "ieee" if is_true else "tf32"


def _product_px(precision: str, taken: int) -> int:
    """Return the px of a block of W x, whose operands must fit into registers in float32."""
    return 64 if precision == "ieee" and taken > 32 else 128


def _backward(
    gradient: Tensor, x: Tensor, weight: Tensor, x_gradient: Tensor | None, precision: str
) -> Tensor:
    """Fill the gradient of x, and return the sums of the programs for those of W and b.

    Returns:
        (programs, C', C + 1), float32.
    """
    (images, taken), size, given = x.shape[:2], x.shape[2] * x.shape[3], weight.shape[0]
    cut, product_px = CUTS[precision], _product_px(precision, given)
    blocks = images * triton.cdiv(size, cut.px)
    steps = triton.cdiv(blocks, cut.most_programs)
    programs = triton.cdiv(blocks, steps)
    products = 0 if x_gradient is None else images * triton.cdiv(size, product_px)
    sums = x.new_empty((programs, given, taken + 1), dtype=torch.float32)

    def launch(count: int, warps: int, x_gradient: Tensor | None, sums: Tensor | None) -> None:
        kernels.backward[(count,)](
            gradient, x, weight, x_gradient, sums, products, images, taken, given, size, steps,
            PRECISION=precision, **_constants(x, taken, given), PRODUCT_PX=product_px, PX=cut.px,
            num_warps=warps,
        )  # fmt: skip

    with on_device_of(x):
        if products and images * size <= cut.joined_px:
            launch(products + programs, WARPS, x_gradient, sums)
            return sums
        if products:
            launch(products, WARPS, x_gradient, None)
        launch(programs, cut.warps, None, sums)
    return sums


def _parameter_gradients(
    sums: Tensor, weight: Tensor, bias_dtype: torch.dtype | None
) -> tuple[Tensor, Tensor | None]:
    programs, given, taken = sums.shape[0], *weight.shape[:2]
    weight_gradient = torch.empty_like(weight)
    bias_gradient = None if bias_dtype is None else weight.new_empty(given, dtype=bias_dtype)
    with on_device_of(sums):
        kernels.add_sums[(given,)](
            sums, weight_gradient, bias_gradient, programs, taken, given,
            PARTS=PARTS, WIDTH=triton.next_power_of_2(taken + 1),
        )  # fmt: skip
    return weight_gradient, bias_gradient


def _constants(x: Tensor, taken: int, given: int) -> dict[str, Any]:
    """Return what both kernels are compiled for."""
    return {
        "WIDE": not x.is_cuda,
        "TAKEN": _side(taken),
        "GIVEN": _side(given),
    }


def _side(channels: int) -> int:
    """Return the side of a matrix that holds the channels; matrix units take 16 at least."""
    return max(16, int(triton.next_power_of_2(min(channels, MOST_CHANNELS))))
