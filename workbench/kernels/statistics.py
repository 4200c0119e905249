"""CCA's statistic, population deviation plus mean of each plane, in one pass over it.

x (N, C, H, W) in float32, bfloat16 or float16; out (N, C, 1, 1) in float32. A program goes over
a plane block by block and joins the blocks' means and sums of squared distances (Chan, Golub and
LeVeque, 1979), so large means cost no digits. Where there are few planes, as in inference, several
programs go over parts of one, and a second kernel joins these. Values are taken relative to the
plane's first one, so a flat plane has the deviation 0 exactly; its gradient is that of the mean.

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
PROGRAMS, SHORTEST_PART = 528, 8192
"""Planes are divided until there are so many programs (four for each multiprocessor of an H100),
but not into parts of fewer px than that."""


@triton.jit
def _joined(mean, squares, count, other_mean, other_squares, other_count):
    """Return mean and sum of squared distances of two sets together, from those of each."""
    step = other_mean - mean
    share = other_count / (count + other_count)
    return mean + step * share, squares + other_squares + step * step * share * count


@triton.jit
def _write(plane, mean, squares, origin, size, out, means, inverses):
    """Write deviation + mean of a plane, its mean, and 1 / deviation (0 if it is flat)."""
    deviation = tl.sqrt(squares / size)
    tl.store(out + plane, deviation + mean + origin)
    tl.store(means + plane, mean + origin)
    flat = deviation == 0.0
    tl.store(inverses + plane, tl.where(flat, 0.0, 1.0 / tl.where(flat, 1.0, deviation)))


@triton.jit(do_not_specialize=["channels", "size", "length", "parts"])
def _forward(
    x, out, means, inverses, sums, x_image, x_channel, channels, size, length, parts,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Go over `length` px of a plane; write its statistics, or with `sums` those of the part."""
    plane = tl.program_id(0) // parts
    part = tl.program_id(0) % parts
    x += (plane // channels).to(tl.int64) * x_image + (plane % channels).to(tl.int64) * x_channel
    origin = tl.load(x).to(tl.float32)
    mean = origin * 0.0
    squares = origin * 0.0
    first = part * length
    last = tl.minimum(first + length, size)
    for start in range(first, last, BLOCK):
        px = start + tl.arange(0, BLOCK)
        there = px < last
        count = tl.minimum(last - start, BLOCK).to(tl.float32)
        value = tl.load(x + px, mask=there, other=0.0).to(tl.float32) - origin
        block_mean = tl.sum(tl.where(there, value, 0.0), axis=0) / count
        distance = tl.where(there, value - block_mean, 0.0)
        block_squares = tl.sum(distance * distance, axis=0)
        mean, squares = _joined(mean, squares, start - first, block_mean, block_squares, count)
    if sums is None:
        _write(plane, mean, squares, origin, size, out, means, inverses)
    else:
        tl.store(sums + 2 * tl.program_id(0), mean)
        tl.store(sums + 2 * tl.program_id(0) + 1, squares)


@triton.jit(do_not_specialize=["channels", "size", "length", "parts"])
def _join_parts(
    x, out, means, inverses, sums, x_image, x_channel, channels, size, length, parts
):  # fmt: skip
    """Write the statistics of a plane from those of its parts, one after the other."""
    plane = tl.program_id(0)
    x += (plane // channels).to(tl.int64) * x_image + (plane % channels).to(tl.int64) * x_channel
    origin = tl.load(x).to(tl.float32)
    mean = origin * 0.0
    squares = origin * 0.0
    sums += 2 * plane * parts
    for part in range(parts):
        first = part * length
        count = tl.minimum(size - first, length).to(tl.float32)
        other_mean = tl.load(sums + 2 * part)
        other_squares = tl.load(sums + 2 * part + 1)
        mean, squares = _joined(mean, squares, first, other_mean, other_squares, count)
    _write(plane, mean, squares, origin, size, out, means, inverses)


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


def _parts(planes: int, size: int) -> tuple[int, int]:
    """Return the number of parts of a plane and their length in px, from few large planes many."""
    wanted = min(-(-PROGRAMS // planes), -(-size // SHORTEST_PART))
    length = -(-size // wanted)
    return -(-size // length), length


class _ContrastAndMean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x = dense_planes(x)
        images, channels, height, width = x.shape
        out = x.new_empty((images, channels, 1, 1), dtype=torch.float32)
        means, inverses = torch.empty_like(out), torch.empty_like(out)
        size, planes = height * width, images * channels
        parts, length = _parts(planes, size)
        block = min((b for b in BLOCKS if b >= length), default=BLOCKS[0])
        sums = None if parts == 1 else x.new_empty((planes, parts, 2), dtype=torch.float32)
        given = (x, out, means, inverses, sums, *plane_strides(x), channels, size, length, parts)
        with on_device_of(x):
            _forward[(planes * parts,)](*given, BLOCK=block)
            if parts > 1:
                _join_parts[(planes,)](*given)
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
