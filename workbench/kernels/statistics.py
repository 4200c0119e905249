"""CCA's statistic, population deviation plus mean of each plane, in one pass over it.

x (N, C, H, W) in float32, bfloat16 or float16; out (N, C, 1, 1) in float32. One program a plane
goes over it block by block and joins the blocks' means and sums of squared distances (Chan, Golub
and LeVeque, 1979), so large means cost no digits. Values are taken relative to the plane's first
one, so a flat plane has the deviation 0 exactly; its gradient is then that of the mean alone.

Traffic: forward x read once; backward x read and its gradient written,
    dx = g / HW * (1 + (x - mean) / deviation).
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from workbench.kernels.planes import dense_planes, on_device_of, plane_strides

BLOCKS = (4096, 1024, 256)
"""Values that a program has in hand at a time; the smallest that holds a plane is taken."""
BACKWARD_BLOCK = 1024


@triton.jit(do_not_specialize=["channels", "size"])
def _forward(
    x, out, means, inverses, x_image, x_channel, channels, size, BLOCK: tl.constexpr
):  # fmt: skip
    """Write deviation + mean of one plane, its mean, and 1 / deviation (0 if it is flat)."""
    plane = tl.program_id(0)
    x += (plane // channels).to(tl.int64) * x_image + (plane % channels).to(tl.int64) * x_channel
    origin = tl.load(x).to(tl.float32)
    mean = origin * 0.0
    squares = origin * 0.0
    for start in range(0, size, BLOCK):
        px = start + tl.arange(0, BLOCK)
        there = px < size
        count = tl.minimum(size - start, BLOCK).to(tl.float32)
        value = tl.load(x + px, mask=there, other=0.0).to(tl.float32) - origin
        block_mean = tl.sum(tl.where(there, value, 0.0), axis=0) / count
        distance = tl.where(there, value - block_mean, 0.0)
        step = block_mean - mean
        share = count / (start + count)
        squares += tl.sum(distance * distance, axis=0) + step * step * share * start
        mean += step * share
    deviation = tl.sqrt(squares / size)
    tl.store(out + plane, deviation + mean + origin)
    tl.store(means + plane, mean + origin)
    flat = deviation == 0.0
    tl.store(inverses + plane, tl.where(flat, 0.0, 1.0 / tl.where(flat, 1.0, deviation)))


@triton.jit(do_not_specialize=["channels", "size"])
def _backward(
    gradient, means, inverses, x, out, x_image, x_channel, channels, size, BLOCK: tl.constexpr
):
    """Write the gradient of BLOCK px of one plane."""
    parts = tl.cdiv(size, BLOCK)
    plane = tl.program_id(0) // parts
    px = (tl.program_id(0) % parts) * BLOCK + tl.arange(0, BLOCK)
    there = px < size
    x += (plane // channels).to(tl.int64) * x_image + (plane % channels).to(tl.int64) * x_channel
    value = tl.load(x + px, mask=there, other=0.0).to(tl.float32)
    share = tl.load(gradient + plane) / size
    distance = (value - tl.load(means + plane)) * tl.load(inverses + plane)
    result = share * (1.0 + distance)
    out += plane.to(tl.int64) * size
    tl.store(out + px, result.to(out.dtype.element_ty), mask=there)


def contrast_and_mean(x: Tensor) -> Tensor:
    """Return each plane's population standard deviation plus its mean.

    Args:
        x: (N, C, H, W), at least one px.

    Returns:
        (N, C, 1, 1), float32.
    """
    result: Tensor = _ContrastAndMean.apply(x)
    return result


class _ContrastAndMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x = dense_planes(x)
        images, channels, height, width = x.shape
        out = x.new_empty((images, channels, 1, 1), dtype=torch.float32)
        means, inverses = torch.empty_like(out), torch.empty_like(out)
        size = height * width
        block = min((b for b in BLOCKS if b >= size), default=BLOCKS[0])
        with on_device_of(x):
            _forward[(images * channels,)](
                x, out, means, inverses, *plane_strides(x), channels, size, BLOCK=block
            )
        ctx.save_for_backward(x, means, inverses)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        x, means, inverses = ctx.saved_tensors
        images, channels, height, width = x.shape
        out: Tensor = x.new_empty(x.shape)
        size = height * width
        with on_device_of(x):
            _backward[(images * channels * -(-size // BACKWARD_BLOCK),)](
                gradient.contiguous(), means, inverses, x, out, *plane_strides(x),
                channels, size, BLOCK=BACKWARD_BLOCK,
            )  # fmt: skip
        return out
