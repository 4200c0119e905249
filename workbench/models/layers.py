"""Building blocks of the MDRN family.

Source: the published code of MDRN (bbbolt/MDRN, MIT) and of BSRN, whose BSConv it uses. What
differs from a textbook BSConv: in MDRN the depthwise convolution mirrors the border instead of
padding with zeros; in BSRN the pointwise convolution has a bias.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from workbench.config.attention import Activation, Padding
from workbench.config.block import BlockSettings, Convolution

ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "gelu": nn.GELU,  # the exact form, as published
    "relu": nn.ReLU,
    "leaky-relu": lambda: nn.LeakyReLU(0.05),  # RFDN's slope
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
}


class BSConv(nn.Module):
    """Blueprint separable convolution: pointwise, then depthwise 3x3 with bias."""

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, padding: Padding, bias: bool
    ) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=bias)
        self.depthwise = nn.Conv2d(
            out_channels, out_channels, 3, stride, 1, groups=out_channels, padding_mode=padding
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, ceil(H / stride), ceil(W / stride))."""
        out: Tensor = self.depthwise(self.pointwise(x))
        return out


def convolution(
    config: BlockSettings,
    in_channels: int,
    out_channels: int,
    *,
    stride: int = 1,
    kind: Convolution | None = None,
    padding: Padding | None = None,
) -> nn.Module:
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
    return nn.Conv2d(in_channels, out_channels, 3, stride, 1, padding_mode=pad)


def at_least_float32(x: Tensor) -> Tensor:
    """Second moments underflow in half precision; wider types stay as they are."""
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def contrast(x: Tensor) -> Tensor:
    """Population standard deviation over height and width.

    A map without contrast has the gradient 0 here, where that of a plain square root is not a
    number; the values are those of the square root.

    Args:
        x: (N, C, H, W).

    Returns:
        (N, C, 1, 1), at least in float32.
    """
    variance = at_least_float32(x).var(dim=(2, 3), correction=0, keepdim=True)
    flat = variance == 0
    return variance.masked_fill(flat, 1).sqrt().masked_fill(flat, 0)
