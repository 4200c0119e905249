"""Building blocks of the MDRN family.

Source: the published code of MDRN (bbbolt/MDRN, MIT) and of BSRN, whose BSConv it uses. What
differs from a textbook BSConv: in MDRN the depthwise convolution mirrors the border instead of
padding with zeros; in BSRN the pointwise convolution has a bias.
"""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from workbench.config.attention import Activation, Padding
from workbench.config.block import BlockSettings, Convolution
from workbench.kernels.eager import LEAKY_SLOPE, finished
from workbench.models.operations import WithOperations

ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "gelu": nn.GELU,  # the exact form, as published
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(LEAKY_SLOPE),
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
}


class PointwiseConvolution(WithOperations, nn.Conv2d):
    """A 1x1 convolution."""

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, H, W)."""
        return self.operations.pointwise(x, self.weight, self.bias)


class DepthwiseConvolution(WithOperations, nn.Conv2d):
    """A 3x3 convolution of each map by itself, with what stands around it."""

    def __init__(self, channels: int, *, stride: int, padding: Padding) -> None:
        super().__init__(channels, channels, 3, stride, 1, groups=channels, padding_mode=padding)
        self.border: Padding = padding

    def forward(
        self,
        x: Tensor,
        *,
        scale: Tensor | None = None,
        skip: Tensor | None = None,
        activation: Activation | None = None,
    ) -> Tensor:
        """(N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride)); see `Operations`."""
        return self.operations.depthwise(
            x,
            self.weight,
            self.bias,
            stride=self.stride[0],
            padding=self.border,
            scale=scale,
            skip=skip,
            activation=activation,
        )


class BSConv(nn.Module):
    """Blueprint separable convolution: pointwise, then depthwise 3x3 with bias."""

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, padding: Padding, bias: bool
    ) -> None:
        super().__init__()
        self.pointwise = PointwiseConvolution(in_channels, out_channels, bias=bias)
        self.depthwise = DepthwiseConvolution(out_channels, stride=stride, padding=padding)

    def forward(
        self, x: Tensor, *, skip: Tensor | None = None, activation: Activation | None = None
    ) -> Tensor:
        """(N, in, H, W) -> (N, out, ceil(H / stride), ceil(W / stride)).

        Args:
            x: The map.
            skip: Added to the result, before the activation.
            activation: By name; None is the identity.
        """
        out: Tensor = self.depthwise(self.pointwise(x), skip=skip, activation=activation)
        return out


class PlainConvolution(WithOperations, nn.Conv2d):
    """A plain 3x3 convolution that takes what a BSConv takes."""

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, padding: Padding
    ) -> None:
        super().__init__(in_channels, out_channels, 3, stride, 1, padding_mode=padding)
        self.border: Padding = padding

    def forward(
        self, x: Tensor, *, skip: Tensor | None = None, activation: Activation | None = None
    ) -> Tensor:
        """(N, in, H, W) -> (N, out, ceil(H / stride), ceil(W / stride)), as `BSConv`."""
        width = 1
        if self.border == "reflect":
            x, width = self.operations.pad(x, 1, self.border), 0
        out = functional.conv2d(x, self.weight, self.bias, self.stride, width)
        return finished(out, skip, activation)


def convolution(
    config: BlockSettings,
    in_channels: int,
    out_channels: int,
    *,
    stride: int = 1,
    kind: Convolution | None = None,
    padding: Padding | None = None,
) -> BSConv | PlainConvolution:
    """Return a BSConv or a plain 3x3 convolution, both padded by 1 px.

    Args:
        config: Says which one, how it is padded and whether the pointwise part has a bias.
        in_channels: Of the input.
        out_channels: Of the output.
        stride: 1 or 2.
        kind: In place of the config's.
        padding: In place of the config's.
    """
    pad = padding or config.padding
    if (kind or config.convolution) == "bsconv":
        bias = config.pointwise_bias
        return BSConv(in_channels, out_channels, stride=stride, padding=pad, bias=bias)
    return PlainConvolution(in_channels, out_channels, stride=stride, padding=pad)
