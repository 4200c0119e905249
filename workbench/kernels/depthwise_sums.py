"""From the sums of the tiles to the gradients of weight, bias and scale, in a fixed order.

With P[n, c, k] the product of x and the gradient of z, summed over a plane for tap k of the filter,
the weights' gradient is the sum of s[n, c] P[n, c, k] over the images, and that of the scale the
sum of w[c, k] P[n, c, k] over the taps: neither needs another pass over a map.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

SUMS = 10
"""Sums that a tile writes: 9 for the weights, 1 for the bias."""


@triton.jit
def add_sums(sums, scale, weight_gradient, bias_gradient, channel, images, channels, tiles):
    """Add the tiles' sums of one channel, image after image, into the gradients of w and b."""
    kind = tl.arange(0, 16)[None, :]  # 9 weights, then the bias
    total = tl.zeros((64, 16), tl.float32)
    for start in range(0, images * tiles, 64):
        part = start + tl.arange(0, 64)[:, None]
        plane = (part // tiles) * channels + channel
        there = (part < images * tiles) & (kind < 10)
        place = (plane.to(tl.int64) * tiles + part % tiles) * 10 + kind
        value = tl.load(sums + place, mask=there, other=0.0, cache_modifier=".cg")
        if scale is not None:
            factor = tl.load(scale + plane, mask=part < images * tiles, other=0.0).to(tl.float32)
            value *= tl.where(kind < 9, factor, 1.0)
        total += value
    result = tl.sum(total, axis=0)[None, :]
    place = weight_gradient + channel * 9 + kind
    tl.store(place, result.to(weight_gradient.dtype.element_ty), mask=kind < 9)
    if bias_gradient is not None:
        place = bias_gradient + channel + kind - kind
        tl.store(place, result.to(bias_gradient.dtype.element_ty), mask=kind == 9)


@triton.jit(do_not_specialize=["channels", "tiles"])
def _scale_gradient(sums, weight, scale_gradient, channels, tiles, BLOCK: tl.constexpr):
    """Write the gradient of one plane's scale: the weights times their sums over its tiles."""
    plane = tl.program_id(0)
    kind = tl.arange(0, 16)[None, :]
    w = tl.load(weight + (plane % channels) * 9 + kind, mask=kind < 9, other=0.0).to(tl.float32)
    total = tl.zeros((BLOCK, 16), tl.float32)
    for start in range(0, tiles, BLOCK):
        tile = start + tl.arange(0, BLOCK)[:, None]
        place = (plane.to(tl.int64) * tiles + tile) * 10 + kind
        total += w * tl.load(sums + place, mask=(tile < tiles) & (kind < 9), other=0.0)
    result = tl.sum(tl.sum(total, axis=1), axis=0)
    tl.store(scale_gradient + plane, result.to(scale_gradient.dtype.element_ty))


def gradient_of_scale(sums: Tensor, weight: Tensor, scale: Tensor, tiles: int) -> Tensor:
    """Return the gradient of the scale from the sums of the tiles.

    Args:
        sums: (N * C * tiles, 10), float32.
        weight: (C, 1, 3, 3).
        scale: (N, C, 1, 1).
        tiles: Of a plane.
    """
    scale_gradient = torch.empty_like(scale)
    images, channels = scale.shape[:2]
    _scale_gradient[(images * channels,)](sums, weight, scale_gradient, channels, tiles, BLOCK=16)
    return scale_gradient
