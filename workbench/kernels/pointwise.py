"""1x1 convolution as a product of matrices, forward and backward.

    y = W x + b        x (N, C, H, W), W (C', C, 1, 1), b (C',), y (N, C', H, W)

Up to 64 channels on both sides; bfloat16 and float16 maps, and float32 ones with products in TF32:
those of the matrix units, with sums in float32. (Products in true float32, for which Triton does
not use these units, took five times what the memory needs, on an H100.) The maps stay (N, C, H, W):
px of a plane are the columns of the product, so no map is transposed on the way.

Traffic: forward x read and y written. Backward: y's gradient read and x's written by the kernel of
the forward pass, with the weights transposed; then both y's gradient and x read for the gradients
of W and b. A program adds up the latter over its blocks of px, and a second kernel adds up the
programs in a fixed order: no atomics.
"""

from dataclasses import dataclass
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from workbench.kernels.fused import MOST_CHANNELS
from workbench.kernels.planes import on_device_of

MOST_PROGRAMS = 1056
"""Of the gradient of W: eight for each multiprocessor of an H100; more only write more sums."""
PARTS = 64
"""Sums of programs that the last kernel has in hand at a time."""


@dataclass(frozen=True)
class Blocks:
    """How a kernel is cut into programs."""

    px: int
    warps: int


FORWARD = Blocks(128, 4)
WEIGHTS = Blocks(64, 4)


@triton.jit
def _dot(a, b, WIDE: tl.constexpr):
    """Return the product of two matrices in float32, of float32 ones rounded to TF32.

    WIDE is for the interpreter, which takes the bits of a bfloat16 for an integer here.
    """
    if WIDE:
        a = a.to(tl.float32)
        b = b.to(tl.float32)
    return tl.dot(a, b, input_precision="tf32")


@triton.jit(do_not_specialize=["taken", "given", "size", "to_given", "to_taken"])
def _forward(
    x, weight, bias, out, taken, given, size, to_given, to_taken,
    WIDE: tl.constexpr,
    TAKEN: tl.constexpr, GIVEN: tl.constexpr, PX: tl.constexpr,
):  # fmt: skip
    """Write a block of px, all channels of them."""
    inner = tl.arange(0, TAKEN)
    outer = tl.arange(0, GIVEN)
    place = outer[:, None] * to_given + inner[None, :] * to_taken
    used = (outer[:, None] < given) & (inner[None, :] < taken)
    w = tl.load(weight + place, mask=used, other=0.0).to(x.dtype.element_ty)
    blocks = tl.cdiv(size, PX)
    image = (tl.program_id(0) // blocks).to(tl.int64)
    px = (tl.program_id(0) % blocks) * PX + tl.arange(0, PX)[None, :]
    source = x + image * taken * size + inner[:, None] * size + px
    value = tl.load(source, mask=(px < size) & (inner[:, None] < taken), other=0.0)
    y = _dot(w, value, WIDE)
    if bias is not None:
        y += tl.load(bias + outer, mask=outer < given, other=0.0).to(tl.float32)[:, None]
    target = out + image * given * size + outer[:, None] * size + px
    tl.store(target, y.to(out.dtype.element_ty), mask=(px < size) & (outer[:, None] < given))


@triton.jit(do_not_specialize=["images", "taken", "given", "size", "steps"])
def _weights(
    gradient, x, sums, images, taken, given, size, steps,
    WIDE: tl.constexpr,
    TAKEN: tl.constexpr, GIVEN: tl.constexpr, PX: tl.constexpr,
):  # fmt: skip
    """Write the sums of `steps` blocks of px for the gradients of W and b."""
    inner = tl.arange(0, TAKEN)
    outer = tl.arange(0, GIVEN)
    weights = tl.zeros((GIVEN, TAKEN), tl.float32)
    bias = tl.zeros((GIVEN,), tl.float32)
    blocks = tl.cdiv(size, PX)
    for step in range(steps):
        number = tl.program_id(0) * steps + step
        image = (number // blocks).to(tl.int64)
        px = (number % blocks) * PX + tl.arange(0, PX)
        there = (px < size) & (number < images * blocks)
        place = gradient + image * given * size + outer[:, None] * size + px[None, :]
        dy = tl.load(place, mask=there[None, :] & (outer[:, None] < given), other=0.0)
        place = x + image * taken * size + inner[None, :] * size + px[:, None]
        turned = tl.load(place, mask=there[:, None] & (inner[None, :] < taken), other=0.0)
        bias += tl.sum(dy.to(tl.float32), axis=1)
        weights += _dot(dy, turned, WIDE)
    sums += tl.program_id(0).to(tl.int64) * given * (taken + 1)
    place = outer[:, None] * (taken + 1) + inner[None, :]
    used = (outer[:, None] < given) & (inner[None, :] < taken)
    tl.store(sums + place, weights, mask=used)
    tl.store(sums + outer * (taken + 1) + taken, bias, mask=outer < given)


@triton.jit(do_not_specialize=["parts", "taken", "given"])
def _add_sums(
    sums, weight_gradient, bias_gradient, parts, taken, given,
    PARTS: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Add the programs' sums for one output channel, program after program."""
    channel = tl.program_id(0)
    column = tl.arange(0, WIDTH)[None, :]  # the weights of the channel, then its bias
    total = tl.zeros((PARTS, WIDTH), tl.float32)
    for start in range(0, parts, PARTS):
        part = start + tl.arange(0, PARTS)[:, None]
        place = (part.to(tl.int64) * given + channel) * (taken + 1) + column
        total += tl.load(sums + place, mask=(part < parts) & (column <= taken), other=0.0)
    result = tl.sum(total, axis=0)[None, :]
    place = weight_gradient + channel * taken + column
    tl.store(place, result.to(weight_gradient.dtype.element_ty), mask=column < taken)
    if bias_gradient is not None:
        place = bias_gradient + channel + column * 0
        tl.store(place, result.to(bias_gradient.dtype.element_ty), mask=column == taken)


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
        if differentiable:
            ctx.save_for_backward(x, weight)
            ctx.bias_dtype = None if bias is None else bias.dtype
        return _product(x, weight, bias, turned=False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        gradient = gradient.contiguous()
        x_gradient = None
        if ctx.needs_input_grad[0]:
            x_gradient = _product(gradient, weight, None, turned=True)
        parameters = _parameter_gradients(gradient, x, weight, ctx.bias_dtype)
        return x_gradient, *parameters, None


def _product(x: Tensor, weight: Tensor, bias: Tensor | None, *, turned: bool) -> Tensor:
    """Return W x + b, or with W transposed."""
    (images, taken, height, width), size = x.shape, x.shape[2] * x.shape[3]
    given = weight.shape[1 if turned else 0]
    out = x.new_empty((images, given, height, width))
    to_given, to_taken = (1, given) if turned else (taken, 1)
    with on_device_of(x):
        _forward[(images * triton.cdiv(size, FORWARD.px),)](
            x, weight, bias, out, taken, given, size, to_given, to_taken,
            **_constants(x, taken, given), PX=FORWARD.px, num_warps=FORWARD.warps,
        )  # fmt: skip
    return out


def _parameter_gradients(
    gradient: Tensor, x: Tensor, weight: Tensor, bias_dtype: torch.dtype | None
) -> tuple[Tensor, Tensor | None]:
    images, taken = x.shape[:2]
    given, size = weight.shape[0], x.shape[2] * x.shape[3]
    blocks = images * triton.cdiv(size, WEIGHTS.px)
    steps = triton.cdiv(blocks, MOST_PROGRAMS)
    programs = triton.cdiv(blocks, steps)
    sums = x.new_empty((programs, given, taken + 1), dtype=torch.float32)
    weight_gradient = torch.empty_like(weight)
    bias_gradient = None if bias_dtype is None else weight.new_empty(given, dtype=bias_dtype)
    with on_device_of(x):
        _weights[(programs,)](
            gradient, x, sums, images, taken, given, size, steps,
            **_constants(x, taken, given), PX=WEIGHTS.px, num_warps=WEIGHTS.warps,
        )  # fmt: skip
        _add_sums[(given,)](
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
