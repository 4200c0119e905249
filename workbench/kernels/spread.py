"""Bilinear enlargement of several maps, their sum and a base, in one kernel.

    out = enlarge(m_1) + ... + enlarge(m_k) + base        k up to 4, in this order

Maps (N, f, h_i, w_i) down to 1 x 1 px, base and out (N, f, H, W), half-pixel centres
(`align_corners=False`), float32, bfloat16 and float16; sums in float32. Target y reads the source
rows around ((2 y + 1) h - H) / 2 H, clamped at both ends: the integer part and the weight come from
an integer division, exactly, so that both passes agree on who reads what.

Traffic in maps of the target's size: forward the base read and the output written, 2; the sources
are a few per cent of it. PyTorch's own operations: 2 k + 3 (k - 1) + 3.

Backward: each px of a source gathers the targets that read it, first down the columns, then along
the rows: no atomics, in one fixed order. A map's kernel reads the gradient twice (each target row
belongs to two source rows), the second time mostly from L2. The base's gradient is the output's.
"""

from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from workbench.kernels.planes import (
    MOST_MAPS,
    dense_planes,
    on_device_of,
    plane_strides,
    tile_width,
)

PX_A_TILE = 512
SOURCES, ROWS, TARGETS = 16, 8, 64
"""Backward: px of a source row that a program computes, and the block of targets that it reads."""


@triton.jit
def _reads(target, size, targets):
    """Return the two source indices that a target reads, and the weight of the second."""
    position = tl.maximum((2 * target + 1) * size - targets, 0)
    lower = position // (2 * targets)
    weight = (position - lower * 2 * targets).to(tl.float32) / (2.0 * targets)
    return lower, tl.minimum(lower + 1, size - 1), weight


@triton.jit
def _enlarged(source, plane, row, column, there, h, w, height, width):
    """Return px of an enlarged map, float32."""
    top, bottom, down = _reads(row, h, height)
    left, right, across = _reads(column, w, width)
    source += plane.to(tl.int64) * h * w
    a = tl.load(source + top * w + left, mask=there, other=0.0).to(tl.float32)
    b = tl.load(source + top * w + right, mask=there, other=0.0).to(tl.float32)
    c = tl.load(source + bottom * w + left, mask=there, other=0.0).to(tl.float32)
    d = tl.load(source + bottom * w + right, mask=there, other=0.0).to(tl.float32)
    above = a * (1.0 - across) + b * across
    below = c * (1.0 - across) + d * across
    return above * (1.0 - down) + below * down


@triton.jit(
    do_not_specialize=[
        "channels", "height", "width", "h1", "w1", "h2", "w2", "h3", "w3", "h4", "w4",
    ]
)  # fmt: skip
def _forward(
    map1, map2, map3, map4, base, out, h1, w1, h2, w2, h3, w3, h4, w4,
    base_image, base_channel, channels, height, width,
    LINES: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Write a tile of LINES x COLUMNS px of one plane."""
    across = tl.cdiv(width, COLUMNS)
    tiles = across * tl.cdiv(height, LINES)
    plane = tl.program_id(0) // tiles
    tile = tl.program_id(0) % tiles
    row = (tile // across) * LINES + tl.arange(0, LINES)[:, None]
    column = (tile % across) * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    there = (row < height) & (column < width)
    total = _enlarged(map1, plane, row, column, there, h1, w1, height, width)
    if map2 is not None:
        total += _enlarged(map2, plane, row, column, there, h2, w2, height, width)
    if map3 is not None:
        total += _enlarged(map3, plane, row, column, there, h3, w3, height, width)
    if map4 is not None:
        total += _enlarged(map4, plane, row, column, there, h4, w4, height, width)
    px = row * width + column
    if base is not None:
        base += (plane // channels).to(tl.int64) * base_image
        base += (plane % channels).to(tl.int64) * base_channel
        total += tl.load(base + px, mask=there, other=0.0).to(tl.float32)
    out += plane.to(tl.int64) * height * width
    tl.store(out + px, total.to(out.dtype.element_ty), mask=there)


@triton.jit
def _first_reader(source, size, targets):
    """Return a target at or shortly before the first one that reads a source index."""
    return tl.maximum((targets * (2 * source - 1) - size) // (2 * size), 0)


@triton.jit
def _weight(target, source, size, targets):
    """Return by how much a target reads a source index."""
    lower, upper, weight = _reads(target, size, targets)
    return tl.where(lower == source, 1.0 - weight, 0.0) + tl.where(upper == source, weight, 0.0)


@triton.jit(do_not_specialize=["channels", "h", "w", "height", "width"])
def _backward(
    gradient, out, gradient_image, gradient_channel, channels, h, w, height, width,
    SOURCES: tl.constexpr, ROWS: tl.constexpr, TARGETS: tl.constexpr,
):  # fmt: skip
    """Write the gradient of SOURCES px in a row of one source map."""
    parts = tl.cdiv(w, SOURCES)
    plane = tl.program_id(0) // (h * parts)
    line = (tl.program_id(0) // parts) % h
    first = (tl.program_id(0) % parts) * SOURCES
    source = first + tl.arange(0, SOURCES)[None, :]
    gradient += (plane // channels).to(tl.int64) * gradient_image
    gradient += (plane % channels).to(tl.int64) * gradient_channel
    top = _first_reader(line, h, height)
    bottom = tl.minimum(top + 2 * height // h + 3, height)
    left = _first_reader(first, w, width)
    right = tl.minimum(left + (SOURCES + 1) * width // w + 3, width)
    total = tl.zeros((1, SOURCES), tl.float32)
    for start in range(left, right, TARGETS):
        column = start + tl.arange(0, TARGETS)[None, :]
        down = tl.zeros((ROWS, TARGETS), tl.float32)
        for begin in range(top, bottom, ROWS):
            row = begin + tl.arange(0, ROWS)[:, None]
            there = (row < bottom) & (column < right)
            value = tl.load(gradient + row * width + column, mask=there, other=0.0)
            down += value.to(tl.float32) * _weight(row, line, h, height)
        target = start + tl.arange(0, TARGETS)[:, None]
        share = _weight(target, source, w, width)
        total += tl.sum(tl.sum(down, axis=0)[:, None] * share, axis=0)[None, :]
    place = out + (plane.to(tl.int64) * h + line) * w + source
    tl.store(place, total.to(out.dtype.element_ty), mask=source < w)


def spread_sum(maps: Sequence[Tensor], base: Tensor | None, size: tuple[int, int]) -> Tensor:
    """Return the sum of the enlarged maps and the base.

    Args:
        maps: One to four, (N, f, h_i, w_i); 2 H h_i and 2 W w_i below 2**31.
        base: (N, f, H, W).
        size: H and W in px.

    Returns:
        (N, f, H, W) of the widest dtype of all.
    """
    result: Tensor = _SpreadSum.apply(size, base, *maps)
    return result


class _SpreadSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, size: tuple[int, int], base: Tensor | None, *maps: Tensor) -> Tensor:
        given = [*maps] if base is None else [*maps, base]
        dtype = given[0].dtype
        for other in given[1:]:
            dtype = torch.promote_types(dtype, other.dtype)
        first, (height, width) = maps[0], size
        images, channels = first.shape[:2]
        out = first.new_empty((images, channels, height, width), dtype=dtype)
        base = None if base is None else dense_planes(base)
        sources = [x.contiguous() for x in maps] + [None] * (MOST_MAPS - len(maps))
        sides = [side for x in sources for side in ((1, 1) if x is None else x.shape[2:])]
        columns = tile_width(width)
        lines = PX_A_TILE // columns
        tiles = -(-height // lines) * -(-width // columns)
        with on_device_of(first):
            _forward[(images * channels * tiles,)](
                *sources, base, out, *sides, *plane_strides(out if base is None else base),
                channels, height, width, LINES=lines, COLUMNS=columns,
            )  # fmt: skip
        ctx.shapes = [(x.shape, x.dtype) for x in maps]
        ctx.base_dtype = None if base is None else base.dtype
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gradient = dense_planes(gradient)
        wanted = ctx.needs_input_grad
        base = gradient.to(ctx.base_dtype) if ctx.base_dtype is not None and wanted[1] else None
        sources = [
            _gathered(gradient, shape, dtype) if needed else None
            for (shape, dtype), needed in zip(ctx.shapes, wanted[2:], strict=True)
        ]
        return None, base, *sources


def _gathered(gradient: Tensor, shape: torch.Size, dtype: torch.dtype) -> Tensor:
    """Return the gradient of a source map from that of the output."""
    images, channels, h, w = shape
    out = gradient.new_empty(shape, dtype=dtype)
    with on_device_of(gradient):
        _backward[(images * channels * h * -(-w // SOURCES),)](
            gradient, out, *plane_strides(gradient), channels, h, w, *gradient.shape[2:],
            SOURCES=SOURCES, ROWS=ROWS, TARGETS=TARGETS,
        )  # fmt: skip
    return out
