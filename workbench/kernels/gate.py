"""The product that ends a spatial attention, x * sigmoid(logits), with the skip around it.

x and logits alike in shape, each in float32, bfloat16 or float16; the output has the wider of the
two dtypes. Traffic in maps: forward both read and the output written, 3; backward the output's
gradient and both read, two gradients written, 5. PyTorch's operations move 8 and, with the skip's
gradient added, 17, and keep the sigmoid for the backward pass; here nothing is kept but the inputs.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from workbench.kernels.planes import on_device_of

BLOCK = 1024
"""Values of a program."""


@triton.jit
def _forward(x, logits, out, size, ADD: tl.constexpr, BLOCK: tl.constexpr):
    """Write BLOCK values of the output."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = place < size
    value = tl.load(x + place, mask=there, other=0.0).to(tl.float32)
    share = tl.sigmoid(tl.load(logits + place, mask=there, other=0.0).to(tl.float32))
    if ADD:
        share += 1.0
    tl.store(out + place, (value * share).to(out.dtype.element_ty), mask=there)


@triton.jit
def _backward(
    gradient, x, logits, x_gradient, logits_gradient, size,
    ADD: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Write BLOCK values of both gradients."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = place < size
    given = tl.load(gradient + place, mask=there, other=0.0).to(tl.float32)
    value = tl.load(x + place, mask=there, other=0.0).to(tl.float32)
    share = tl.sigmoid(tl.load(logits + place, mask=there, other=0.0).to(tl.float32))
    steep = given * value * share * (1.0 - share)
    tl.store(logits_gradient + place, steep.to(logits_gradient.dtype.element_ty), mask=there)
    if ADD:
        share += 1.0
    tl.store(x_gradient + place, (given * share).to(x_gradient.dtype.element_ty), mask=there)


def gate(x: Tensor, logits: Tensor, add_input: bool) -> Tensor:
    """Return x * sigmoid(logits), plus x if `add_input`.

    Args:
        x: Of any shape.
        logits: Shaped like x.
        add_input: Whether there is a skip around the product.
    """
    result: Tensor = _Gate.apply(x, logits, add_input)
    return result


class _Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, logits: Tensor, add_input: bool) -> Tensor:
        x, logits = x.contiguous(), logits.contiguous()
        out = torch.empty_like(x, dtype=torch.promote_types(x.dtype, logits.dtype))
        size = x.numel()
        with on_device_of(x):
            _forward[(-(-size // BLOCK),)](x, logits, out, size, ADD=add_input, BLOCK=BLOCK)
        ctx.save_for_backward(x, logits)
        ctx.add_input = add_input
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, logits = ctx.saved_tensors
        x_gradient, logits_gradient = torch.empty_like(x), torch.empty_like(logits)
        size = x.numel()
        with on_device_of(x):
            _backward[(-(-size // BLOCK),)](
                gradient.contiguous(), x, logits, x_gradient, logits_gradient, size,
                ADD=ctx.add_input, BLOCK=BLOCK,
            )  # fmt: skip
        return x_gradient, logits_gradient, None
