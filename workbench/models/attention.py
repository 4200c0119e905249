"""Spatial and channel attention: MDSA, ECCA, and what stood in their place before MDRN.

Source: factsheet section 1.2 with Figures 4 and 5; the published code of MDRN (bbbolt/MDRN, MIT),
where MDSA is called `ESA`; the published weights of RFDN, BSRN and EFDN for the others. Where they
differ the code is followed, because the checkpoints depend on it: D5 pools without padding; L-var
is the unbiased variance; CCA adds the mean to the contrast.
"""

import torch
from torch import Tensor, nn

from workbench.config.attention import (
    Activation,
    CcaConfig,
    ChannelAttention,
    ChannelWeightConfig,
    EccaConfig,
    EsaConfig,
    MdsaConfig,
    ParallelEsaConfig,
    TimmAttentionConfig,
    TimmAttentionName,
    Variance,
    pool_padding,
)
from workbench.config.block import BlockConfig
from workbench.config.module import ModulePart
from workbench.kernels.eager import at_least_float32
from workbench.kernels.operations import POOL_STRIDE
from workbench.models.layers import (
    ACTIVATIONS,
    DepthwiseConvolution,
    PointwiseConvolution,
    convolution,
)
from workbench.models.operations import WithOperations
from workbench.models.own_module import build_own


class LocalVariance(WithOperations):
    """L-var: a strided convolution of its own, then the variance over windows or over the map."""

    def __init__(self, level: int, width: int, variance: Variance, block: BlockConfig) -> None:
        super().__init__()
        self.strided = convolution(block, width, width, stride=2)
        self.level = level
        self.variance = variance

    def forward(self, squeezed: Tensor) -> Tensor:
        """(N, f, H, W) -> (N, f, H', W') of the pooled map, or (N, f, 1, 1) if global.

        The result is at least in float32.
        """
        x: Tensor = self.strided(squeezed)
        if self.variance == "global":
            return at_least_float32(x).var(dim=(2, 3), keepdim=True)
        return self.operations.local_variance(x, self.level, pool_padding(self.level))


class DispersionBranch(nn.Module):
    """Branch-A at one level: compress by stride and pooling, then convolve."""

    def __init__(
        self, level: int, width: int, variance: Variance | None, block: BlockConfig
    ) -> None:
        super().__init__()
        self.strided = convolution(block, width, width, stride=2)
        self.pool = nn.MaxPool2d(level, POOL_STRIDE, pool_padding(level))
        self.lvar = None if variance is None else LocalVariance(level, width, variance, block)
        self.first = convolution(block, width, width)
        self.second = convolution(block, width, width)
        self.activation: Activation = block.activation

    def forward(self, squeezed: Tensor) -> Tensor:
        """(N, f, H, W) -> (N, f, H', W') of the pooled map."""
        x: Tensor = self.pool(self.strided(squeezed))
        if self.lvar is not None:
            x = (x + self.lvar(squeezed)).to(x.dtype)
        out: Tensor = self.second(self.first(x, activation=self.activation))
        return out


class MDSA(WithOperations):
    """Multi-level dispersion spatial attention (factsheet, Figure 4)."""

    def __init__(self, channels: int, config: MdsaConfig, block: BlockConfig) -> None:
        super().__init__()
        width = channels // config.squeeze_ratio
        self.squeeze = PointwiseConvolution(channels, width)
        self.refinement = PointwiseConvolution(width, width) if config.refinement else None
        # Named by level, so that taking one out leaves the paths of the others alone.
        self.dispersion = nn.ModuleDict(
            {
                f"D{level}": DispersionBranch(
                    level, width, config.variance if level in config.lvar else None, block
                )
                for level in config.levels
            }
        )
        self.expand = PointwiseConvolution(width, channels)

    def forward(self, x: Tensor, *, add_input: bool = False) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), the input added to it if wanted."""
        squeezed = self.squeeze(x)
        maps = [branch(squeezed) for branch in self.dispersion.values()]
        base = None if self.refinement is None else self.refinement(squeezed)
        attention = self.operations.spread_sum(maps, base, _size(squeezed))
        return self.operations.gate(x, self.expand(attention), add_input=add_input)


class ESA(WithOperations):
    """Enhanced spatial attention, which MDSA replaces: one level, deeper convolutions.

    Source: RFDN; BSRN puts BSConv in place of its inner 3x3 convolutions and keeps the strided one
    plain and unpadded. Convolution and padding are those of the block.
    """

    def __init__(self, channels: int, config: EsaConfig, block: BlockConfig) -> None:
        super().__init__()
        width = channels // config.squeeze_ratio
        self.squeeze = PointwiseConvolution(channels, width)
        self.refinement = PointwiseConvolution(width, width)
        self.strided = nn.Conv2d(width, width, 3, stride=2)
        self.pool = nn.MaxPool2d(7, POOL_STRIDE)
        self.convolutions = nn.ModuleList(convolution(block, width, width) for _ in range(3))
        self.activation: Activation = config.activation or block.activation
        self.expand = PointwiseConvolution(width, channels)

    def forward(self, x: Tensor, *, add_input: bool = False) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), the input added to it if wanted."""
        squeezed = self.squeeze(x)
        first, second, third = self.convolutions
        inner = first(self.pool(self.strided(squeezed)), activation=self.activation)
        inner = third(second(inner, activation=self.activation))
        base = self.refinement(squeezed)
        attention = self.expand(self.operations.spread_sum([inner], base, _size(squeezed)))
        return self.operations.gate(x, attention, add_input=add_input)


class ParallelESA(WithOperations):
    """EFDN's attention: max pooling 7 compresses, two convolutions side by side, one joins them.

    Source: the published weights of EFDN (NEESR, NTIRE 2022, team 5).
    """

    def __init__(self, channels: int, config: ParallelEsaConfig, block: BlockConfig) -> None:
        super().__init__()
        width = channels // config.squeeze_ratio
        self.squeeze = PointwiseConvolution(channels, width)
        self.refinement = PointwiseConvolution(width, width)
        self.pool = nn.MaxPool2d(7, stride=7, padding=1)
        self.convolutions = nn.ModuleList(convolution(block, width, width) for _ in range(2))
        self.activation: Activation = config.activation or block.activation
        self.join = convolution(block, 2 * width, width)
        self.expand = PointwiseConvolution(width, channels)

    def forward(self, x: Tensor, *, add_input: bool = False) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), the input added to it if wanted."""
        squeezed = self.squeeze(x)
        pooled = self.pool(squeezed)
        both = [convolve(pooled, activation=self.activation) for convolve in self.convolutions]
        inner = self.join(torch.cat(both, dim=1))
        base = self.refinement(squeezed)
        attention = self.expand(self.operations.spread_sum([inner], base, _size(squeezed)))
        return self.operations.gate(x, attention, add_input=add_input)


class ChannelWeight(nn.Module):
    """One learned factor a channel, the same for every image, then a 1x1 convolution.

    Source: the published weights of XPixel's BSRN (`cw`, `conv_out`). The factors start at 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.pointwise = PointwiseConvolution(channels, channels)

    def reset_parameters(self) -> None:
        """Set every factor to 1; the convolution draws its own weights."""
        nn.init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        out: Tensor = self.pointwise(x * self.weight.view(1, -1, 1, 1))
        return out


class CCA(WithOperations):
    """Contrast-aware channel attention: (standard deviation + mean), squeeze, excite (IMDN)."""

    def __init__(self, channels: int, config: CcaConfig) -> None:
        super().__init__()
        hidden = max(1, channels // config.reduction)
        self.squeeze = PointwiseConvolution(channels, hidden)
        self.activation = nn.ReLU()
        self.excite = PointwiseConvolution(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        return x * self.scale(x)

    def scale(self, x: Tensor) -> Tensor:
        """Return the factor of each map, (N, C, 1, 1) in 0..1, in the dtype of `x`."""
        statistic = self.operations.contrast_and_mean(x).to(x.dtype)
        out: Tensor = self.excite(self.activation(self.squeeze(statistic))).sigmoid()
        return out


class ECCA(nn.Module):
    """Enhanced contrast-aware channel attention (factsheet, Figure 5)."""

    def __init__(self, channels: int, config: EccaConfig, block: BlockConfig) -> None:
        super().__init__()
        self.pointwise = PointwiseConvolution(channels, channels)
        self.activation = ACTIVATIONS[block.activation]()
        self.cca = None if config.cca is None else CCA(channels, config.cca)
        self.depthwise = DepthwiseConvolution(channels, stride=1, padding="zeros")

    def forward(self, x: Tensor, *, add_input: bool = False) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), the input added to it if wanted."""
        inner = self.activation(self.pointwise(x))
        scale = None if self.cca is None else self.cca.scale(inner)
        out: Tensor = self.depthwise(inner, scale=scale, skip=x if add_input else None)
        return out


ADDS_INPUT = (MDSA, ESA, ParallelESA, ECCA)
"""Attentions that add their input themselves, in the operation that writes their output."""


def spatial_attention(channels: int, block: BlockConfig) -> nn.Module | None:
    """Build the block's spatial attention, (N, C, H, W) -> (N, C, H, W); None is none."""
    match block.spatial_attention:
        case MdsaConfig() as config:
            return MDSA(channels, config, block)
        case EsaConfig() as config:
            return ESA(channels, config, block)
        case ParallelEsaConfig() as config:
            return ParallelESA(channels, config, block)
        case ModulePart() as config:
            return build_own(config, channels)
        case None:
            return None


def channel_attention(channels: int, block: BlockConfig) -> nn.Module | None:
    """Build the block's channel attention, (N, C, H, W) -> (N, C, H, W); None is none."""
    config: ChannelAttention | None = block.channel_attention
    match config:
        case EccaConfig():
            return ECCA(channels, config, block)
        case CcaConfig():
            return CCA(channels, config)
        case ChannelWeightConfig():
            return ChannelWeight(channels)
        case TimmAttentionConfig(kind=name):
            return _timm_attention(name, channels)
        case ModulePart():
            return build_own(config, channels)
        case None:
            return None


def _timm_attention(name: TimmAttentionName, channels: int) -> nn.Module:
    from timm.layers import create_attn  # takes seconds, so only those who ask for it wait

    module: nn.Module = create_attn(name, channels)
    return module


def _size(x: Tensor) -> tuple[int, int]:
    """Return height and width in px."""
    return (x.shape[2], x.shape[3])
