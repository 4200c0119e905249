"""L-var: the unbiased variance of windows, without unfolding them.

x (N, f, H, W) in float32, bfloat16 or float16, mirrored by `pad` px; windows of level x level px,
3 px apart; out (N, f, H', W') in float32, H' = (H + 2 pad - level) // 3 + 1.

Forward: a program holds whole windows in registers, so mean and squared distances take two passes
over registers and one over memory. Traffic: x read once, but for what windows share (L1), and two
maps of a ninth of its size written, variance and mean. PyTorch unfolds level**2 / 9 times the map.

Backward: each px gathers the windows that hold it: g * 2 (x - mean) / (level**2 - 1), times how
often the window holds it, which is more than once where the border mirrors it. With 2 pad < level
a window that holds a mirrored px holds the px itself, so no further window needs a look. Traffic: x
read, its gradient written, and the two small maps. No atomics.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from workbench.kernels.operations import POOL_STRIDE
from workbench.kernels.planes import dense_planes, on_device_of, plane_strides

VALUES = 1024
"""Forward: values of windows that a program holds."""
PX = 128
"""Backward: px of a program."""


@triton.jit(do_not_specialize=["channels", "height", "width", "out_height", "out_width"])
def _forward(
    x, out, means, x_image, x_channel, channels, height, width, out_height, out_width,
    LEVEL: tl.constexpr, PAD: tl.constexpr, STRIDE: tl.constexpr,
    WINDOWS: tl.constexpr, TAPS: tl.constexpr,
):  # fmt: skip
    """Write variance and mean of WINDOWS windows of one plane; TAPS is LEVEL**2 or above."""
    windows = out_height * out_width
    parts = tl.cdiv(windows, WINDOWS)
    plane = tl.program_id(0) // parts
    window = (tl.program_id(0) % parts) * WINDOWS + tl.arange(0, WINDOWS)[:, None]
    tap = tl.arange(0, TAPS)[None, :]
    row = (window // out_width) * STRIDE + tap // LEVEL - PAD
    column = (window % out_width) * STRIDE + tap % LEVEL - PAD
    row = tl.where(row < 0, -row, row)
    row = tl.where(row >= height, 2 * (height - 1) - row, row)
    column = tl.where(column < 0, -column, column)
    column = tl.where(column >= width, 2 * (width - 1) - column, column)
    there = (window < windows) & (tap < LEVEL * LEVEL)
    x += (plane // channels).to(tl.int64) * x_image + (plane % channels).to(tl.int64) * x_channel
    value = tl.load(x + row * width + column, mask=there, other=0.0).to(tl.float32)
    mean = tl.sum(value, axis=1)[:, None] / (LEVEL * LEVEL)
    distance = tl.where(there, value - mean, 0.0)
    variance = tl.sum(distance * distance, axis=1)[:, None] / (LEVEL * LEVEL - 1)
    place = plane.to(tl.int64) * windows + window
    tl.store(out + place, variance, mask=window < windows)
    tl.store(means + place, mean, mask=window < windows)


@triton.jit
def _times(window, index, size, LEVEL: tl.constexpr, PAD: tl.constexpr, STRIDE: tl.constexpr):
    """Return how often a window holds an index along one side, mirrored ones counted."""
    begin = window * STRIDE - PAD
    end = begin + LEVEL
    before = -index
    after = 2 * (size - 1) - index
    times = tl.where((index >= begin) & (index < end), 1.0, 0.0)
    times += tl.where((index > 0) & (before >= begin) & (before < end), 1.0, 0.0)
    times += tl.where((index < size - 1) & (after >= begin) & (after < end), 1.0, 0.0)
    return times


@triton.jit(do_not_specialize=["channels", "height", "width", "out_height", "out_width"])
def _backward(
    gradient, means, x, out, x_image, x_channel, channels, height, width, out_height, out_width,
    LEVEL: tl.constexpr, PAD: tl.constexpr, STRIDE: tl.constexpr, PX: tl.constexpr,
):  # fmt: skip
    """Write the gradient of PX px of one plane."""
    parts = tl.cdiv(height * width, PX)
    plane = tl.program_id(0) // parts
    px = (tl.program_id(0) % parts) * PX + tl.arange(0, PX)
    there = px < height * width
    row = px // width
    column = px % width
    x += (plane // channels).to(tl.int64) * x_image + (plane % channels).to(tl.int64) * x_channel
    value = tl.load(x + px, mask=there, other=0.0).to(tl.float32)
    small = plane.to(tl.int64) * out_height * out_width
    total = tl.zeros((PX,), tl.float32)
    reach = (LEVEL + STRIDE - 1) // STRIDE  # windows that can hold an index along one side
    for back in range(reach * reach):
        down = (row + PAD) // STRIDE - back // reach
        across = (column + PAD) // STRIDE - back % reach
        held = there & (down >= 0) & (down < out_height) & (across >= 0) & (across < out_width)
        place = small + down * out_width + across
        mean = tl.load(means + place, mask=held, other=0.0)
        share = tl.load(gradient + place, mask=held, other=0.0)
        times = _times(down, row, height, LEVEL, PAD, STRIDE)
        times *= _times(across, column, width, LEVEL, PAD, STRIDE)
        total += times * share * (value - mean)
    result = total * (2.0 / (LEVEL * LEVEL - 1))
    out += plane.to(tl.int64) * height * width
    tl.store(out + px, result.to(out.dtype.element_ty), mask=there)


def local_variance(x: Tensor, level: int, pad: int) -> Tensor:
    """Return the unbiased variance of windows of level x level px, 3 px apart.

    Args:
        x: (N, f, H, W), which mirrored holds a window.
        level: 2 to 15.
        pad: Below level / 2, H and W.

    Returns:
        (N, f, H', W'), float32.
    """
    result: Tensor = _LocalVariance.apply(x, level, pad)
    return result


class _LocalVariance(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, level: int, pad: int) -> Tensor:
        x = dense_planes(x)
        images, channels, height, width = x.shape
        rows, columns = ((side + 2 * pad - level) // POOL_STRIDE + 1 for side in (height, width))
        out = x.new_empty((images, channels, rows, columns), dtype=torch.float32)
        means = torch.empty_like(out)
        taps = triton.next_power_of_2(level * level)
        windows = VALUES // taps
        with on_device_of(x):
            _forward[(images * channels * -(-rows * columns // windows),)](
                x, out, means, *plane_strides(x), channels, height, width, rows, columns,
                LEVEL=level, PAD=pad, STRIDE=POOL_STRIDE, WINDOWS=windows, TAPS=taps,
            )  # fmt: skip
        ctx.save_for_backward(x, means)
        ctx.window = level, pad
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, means = ctx.saved_tensors
        level, pad = ctx.window
        images, channels, height, width = x.shape
        out = x.new_empty(x.shape)
        with on_device_of(x):
            _backward[(images * channels * -(-height * width // PX),)](
                gradient.contiguous(), means, x, out, *plane_strides(x),
                channels, height, width, *gradient.shape[2:],
                LEVEL=level, PAD=pad, STRIDE=POOL_STRIDE, PX=PX,
            )  # fmt: skip
        return out, None, None
