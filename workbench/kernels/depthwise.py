"""Depthwise 3x3 convolution with all that stands around it, in one kernel each way.

    z = s * (w (*) x) + b + skip        y = activation(z)

x (N, C, H, W), weight w (C, 1, 3, 3), bias b (C,), scale s (N, C, 1, 1), skip and y (N, C, H', W')
with H' = ceil(H / stride); the border is one px of zeros or of reflection. float32, bfloat16 and
float16 maps, all arithmetic in float32. The scale is a factor of a plane, so it is applied to the
sum and costs nothing.

Traffic to and from device memory, in maps (stride 1; a map is 4 or 2 bytes a px): forward 1 read +
1 written, + 1 read for a skip, + 1 written where a derivative is kept. Backward: the output's
gradient and the input read, the input's gradient written: 3, + 1 read for the derivative, + 1
written for the skip's gradient. With skip and GELU 9 maps, 36 bytes a px in float32. A program
works down strips of rows and holds three of them, so it loads each px three times (as left, middle
and right neighbour; the second and third time from L1), not nine; rows between strips twice.

GELU, SiLU, Mish and hardswish keep the derivative at z: 1 map written and 1 read. To compute z
again would save the write and read x (loaded anyway) and the skip, but at 25 px around each px of
the input's gradient, since that needs z at 9 px and each of these needs 9 px of x. ReLU and leaky
ReLU keep the output, which the next operation keeps as well.

The backward pass is a gather over the px of the input. At each, the nine gradients of z that this
px has touched give the input's gradient (times w) and, times x, the px's share of the weights'
gradient. Reflection by one px maps the padding onto rows and columns that lie in the same 3 x 3
px, so it is a fold of these nine values. Sums for weights and bias are made per tile, and the last
program of a channel to end adds them up, always in the same order, so that two runs are equal bit
for bit. The only atomic operation counts programs, from the 0 that the forward pass has written.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from workbench.config.attention import Activation, Padding
from workbench.kernels import depthwise_kernels as kernels
from workbench.kernels.activations import kept_by, leak
from workbench.kernels.depthwise_sums import SUMS, gradient_of_scale
from workbench.kernels.planes import dense_planes, on_device_of, plane_strides, tile_width

MOST_ROWS = 8
"""Of a strip: more of them read fewer rows twice, fewer of them give more programs."""


@dataclass(frozen=True)
class Form:
    """What a depthwise convolution is, apart from its tensors."""

    stride: int
    padding: Padding
    activation: Activation | None
    differentiable: bool
    """Whether a backward pass may follow."""

    def constants(self) -> dict[str, Any]:
        """Return what both kernels are compiled for."""
        return {"STRIDE": self.stride, "REFLECT": self.padding == "reflect"}


def depthwise(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    scale: Tensor | None,
    skip: Tensor | None,
    form: Form,
) -> Tensor:
    """Return activation(conv3x3(pad(x * scale)) + bias + skip).

    Args:
        x: (N, C, H, W), float32, bfloat16 or float16, H and W at least 1, with reflection 2.
        weight: (C, 1, 3, 3).
        bias: (C,).
        scale: (N, C, 1, 1).
        skip: (N, C, ceil(H / stride), ceil(W / stride)).
        form: Stride, border and activation.

    Returns:
        (N, C, ceil(H / stride), ceil(W / stride)) of the dtype of x, or of the wider one of x and
        skip.
    """
    result: Tensor = _Depthwise.apply(x, weight, bias, scale, skip, form)
    return result


@dataclass(frozen=True)
class Tiling:
    """How the planes of a map are divided among programs."""

    height: int
    """Of the map, px."""
    width: int

    @property
    def columns(self) -> int:
        """Width of a tile, px."""
        return tile_width(self.width)

    @property
    def strips(self) -> int:
        """Strips of a tile, so that each thread of four warps has a px."""
        return 128 // self.columns

    @property
    def rows(self) -> int:
        """Rows of a strip, divided evenly among the tiles."""
        tiles = -(-self.height // (self.strips * MOST_ROWS))
        return -(-self.height // (self.strips * tiles))

    @property
    def tiles(self) -> int:
        """Tiles of a plane."""
        return -(-self.height // (self.strips * self.rows)) * -(-self.width // self.columns)

    def constants(self) -> dict[str, int]:
        """Return what a kernel is compiled for."""
        return {"STRIPS": self.strips, "COLUMNS": self.columns}


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        scale: Tensor | None,
        skip: Tensor | None,
        form: Form,
    ) -> Tensor:
        x, weight = dense_planes(x), weight.contiguous()
        scale = None if scale is None else scale.contiguous()
        skip = None if skip is None else dense_planes(skip)
        images, channels, height, width = x.shape
        rows, columns = -(-height // form.stride), -(-width // form.stride)
        dtype = x.dtype if skip is None else torch.promote_types(x.dtype, skip.dtype)
        out = x.new_empty((images, channels, rows, columns), dtype=dtype)
        kept = torch.empty_like(out) if form.differentiable and kept_by(form.activation) else None
        counters = None
        if form.differentiable:
            counters = x.new_empty(channels, dtype=torch.int32)
        tiling = Tiling(rows, columns)
        with on_device_of(x):
            kernels.forward[(images * channels * tiling.tiles,)](
                x, weight, bias, scale, skip, out, kept, counters,
                *plane_strides(x), *plane_strides(x if skip is None else skip),
                channels, height, width, rows, columns, tiling.rows,
                ACTIVATION=form.activation or "none", **form.constants(), **tiling.constants(),
            )  # fmt: skip
        if form.differentiable:
            kept = kept if leak(form.activation) is None else out
            ctx.save_for_backward(x, weight, scale, kept, counters)
            ctx.form = form
            ctx.dtypes = tuple(None if t is None else t.dtype for t in (bias, skip))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, scale, kept, counters = ctx.saved_tensors
        bias_dtype, skip_dtype = ctx.dtypes
        form: Form = ctx.form
        gradient = dense_planes(gradient)
        images, channels, height, width = x.shape
        tiling = Tiling(height, width)
        tiles, planes = tiling.tiles, images * channels
        x_gradient = torch.empty_like(x, memory_format=torch.contiguous_format)
        # Without an activation the skip's gradient is the output's.
        skip_gradient = None if skip_dtype is None else gradient.to(skip_dtype)
        if skip_dtype is not None and form.activation is not None:
            skip_gradient = gradient.new_empty(gradient.shape, dtype=skip_dtype)
        sums = x.new_empty((planes * tiles, SUMS), dtype=torch.float32)
        weight_gradient, scale_gradient = torch.empty_like(weight), None
        bias_gradient = None if bias_dtype is None else weight.new_empty(channels, dtype=bias_dtype)
        with on_device_of(x):
            kernels.backward[(planes * tiles,)](
                gradient, kept, x, weight, scale, x_gradient,
                skip_gradient if form.activation else None,
                sums, counters, weight_gradient, bias_gradient,
                *plane_strides(gradient), *plane_strides(x),
                channels, height, width, *gradient.shape[2:], tiling.rows, tiles,
                LEAK=leak(form.activation), **form.constants(), **tiling.constants(),
            )  # fmt: skip
            if scale is not None:
                scale_gradient = gradient_of_scale(sums, weight, scale, tiles)
        return x_gradient, weight_gradient, bias_gradient, scale_gradient, skip_gradient, None
