"""1x1 convolution as a product of matrices, forward and backward.

    y = W x + b        x (N, C, H, W), W (C', C, 1, 1), b (C',), y (N, C', H, W)

bfloat16 and float16 maps are multiplied by the matrix units, and float32 ones, too, if the recipe's
precision is tf32; in fp32 by ordinary multiply-adds: with the few channels of this family they take
little longer than the memory. All sums are in float32. The maps stay (N, C, H, W): px of a plane
are the columns of the product, so no map is transposed on the way.

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
from workbench.kernels.planes import on_device_of
from workbench.system.float32 import float32

WARPS = 4
"""Of a program that multiplies by W."""
SUMS_IN_HAND = 4096
"""Of programs, that the last kernel adds up at a time."""


@dataclass(frozen=True)
class Cut:
    """How products of one kind are cut into programs."""

    most_given: int
    """Output channels of a tile."""
    px: int
    """Of a block that is added up; both operands of a product have them in registers."""
    warps: int
    """Of a program that adds up, in a kernel of its own."""
    most_programs: int
    """That add up; more of them would only write more sums."""


CUTS = {"ieee": Cut(32, 32, 1, 2112), "tf32": Cut(64, 64, 4, 1056)}
"""By how the products are made; the fastest of six and of four on an H200 (28 and 56 channels)."""
MOST_TAKEN = 64
"""Input channels of a tile."""
JOINED_PX = 8192
"""Up to this many px (N * H * W), one launch computes the gradient of x and the sums."""


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
        tiles = _Tiles.of_product(precision, taken, given)
        with on_device_of(x):
            kernels.forward[(tiles.programs(images, height * width),)](
                x, weight, bias, out, taken, given, height * width,
                PRECISION=precision, WIDE=not x.is_cuda,
                TAKEN=tiles.taken, GIVEN=tiles.given, PX=tiles.px, ONE=taken <= tiles.taken,
                num_warps=WARPS,
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


@dataclass(frozen=True)
class _Tiles:
    """What one program of a product has in hand."""

    taken: int
    given: int
    px: int
    of_given: int
    """Tiles that all output channels need."""

    @classmethod
    def of_product(cls, precision: str, taken: int, given: int) -> "_Tiles":
        most_taken, most_given = _side(taken, MOST_TAKEN), _side(given, CUTS[precision].most_given)
        # In float32 both operands must fit into registers.
        px = 64 if precision == "ieee" and most_taken > 32 else 128
        return cls(most_taken, most_given, px, triton.cdiv(given, most_given))

    def programs(self, images: int, size: int) -> int:
        """Return how many programs a product has."""
        return images * int(triton.cdiv(size, self.px)) * self.of_given


def _backward(
    gradient: Tensor, x: Tensor, weight: Tensor, x_gradient: Tensor | None, precision: str
) -> Tensor:
    """Fill the gradient of x, and return the sums of the programs for those of W and b.

    Returns:
        (programs, C', C + 1), float32.
    """
    (images, taken), size, given = x.shape[:2], x.shape[2] * x.shape[3], weight.shape[0]
    cut, tiles = CUTS[precision], _Tiles.of_product(precision, given, taken)
    steps = triton.cdiv(images * triton.cdiv(size, cut.px), cut.most_programs)
    programs = triton.cdiv(images * triton.cdiv(size, cut.px), steps)
    sums = x.new_empty((programs, given, taken + 1), dtype=torch.float32)
    side = _side(taken, MOST_TAKEN), _side(given, cut.most_given)
    adding = programs * triton.cdiv(taken, side[0]) * triton.cdiv(given, side[1])
    products = 0 if x_gradient is None else tiles.programs(images, size)

    def launch(count: int, warps: int, x_gradient: Tensor | None, sums: Tensor | None) -> None:
        kernels.backward[(count,)](
            gradient, x, weight, x_gradient, sums, products, images, taken, given, size, steps,
            PRECISION=precision, WIDE=not x.is_cuda,
            PRODUCT_TAKEN=tiles.taken, PRODUCT_GIVEN=tiles.given, PRODUCT_PX=tiles.px,
            ONE=given <= tiles.taken, TAKEN=side[0], GIVEN=side[1], PX=cut.px, num_warps=warps,
        )  # fmt: skip

    with on_device_of(x):
        if products and images * size <= JOINED_PX:
            launch(products + adding, WARPS, x_gradient, sums)
            return sums
        if products:
            launch(products, WARPS, x_gradient, None)
        launch(adding, cut.warps, None, sums)
    return sums


def _parameter_gradients(
    sums: Tensor, weight: Tensor, bias_dtype: torch.dtype | None
) -> tuple[Tensor, Tensor | None]:
    programs, given, taken = sums.shape[0], *weight.shape[:2]
    width = triton.next_power_of_2(taken + 1)
    weight_gradient = torch.empty_like(weight)
    bias_gradient = None if bias_dtype is None else weight.new_empty(given, dtype=bias_dtype)
    with on_device_of(sums):
        kernels.add_sums[(given,)](
            sums, weight_gradient, bias_gradient, programs, taken, given,
            PARTS=max(1, min(64, SUMS_IN_HAND // width)), WIDTH=width,
        )  # fmt: skip
    return weight_gradient, bias_gradient


def _side(channels: int, most: int) -> int:
    """Return the side of a tile for the channels; matrix units take 16 at least."""
    return max(16, min(most, int(triton.next_power_of_2(channels))))
