"""What a network is: every search dimension of the MDRN family, validated, without torch.

The family is the line that MDRN ends: IMDN, RFDN, BSRN and MDRN are configs of it, not code of
their own. Source: factsheet, section 1.2 (EADB, MDSA, ECCA), the published code of MDRN
(bbbolt/MDRN), and the published weights of the others (NTIRE 2022 efficient SR challenge).
Where paper and code differ the values follow the code, because the checkpoints depend on it.

Differences that matter here: the code calls MDSA `ESA`; D5 pools without padding while D3 and D7
pad by 1; CCA adds the mean to the contrast.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_serializer, model_validator

from workbench.config.base import Frozen

Activation = Literal["gelu", "relu", "leaky-relu", "silu", "mish", "hardswish"]
Convolution = Literal["bsconv", "conv3x3"]
Distillation = Literal["branch", "split"]
Padding = Literal["reflect", "zeros"]
Variance = Literal["local", "global"]
TimmAttentionName = Literal[
    "se", "ese", "eca", "ecam", "ceca", "gc", "gca", "cbam", "lcbam", "coord", "scoord"
]


def pool_padding(level: int) -> int:
    """Padding in px of the pooling at a dispersion level.

    The published code pads levels 3, 5 and 7 by 1, 0 and 1; the rule extends that to every odd
    level so that the pooled map shrinks by about the same factor of 3.
    """
    return 1 if level == 3 else (level - 5) // 2


def _by_name(value: object) -> object:
    """Let `esa` stand for `{kind: esa}`."""
    return {"kind": value} if isinstance(value, str) else value


class MdsaConfig(Frozen):
    """Multi-level dispersion spatial attention (factsheet, Figure 4)."""

    kind: Literal["mdsa"] = "mdsa"
    levels: tuple[int, ...] = (3, 5, 7)
    """Dispersion levels: one branch D<level> for each; odd, at least 3."""
    lvar: tuple[int, ...] = (7,)
    """L-var placement: the levels whose branch adds the variance to the pooled map."""
    variance: Variance = "local"
    """Window of L-var: level x level px, or the whole map."""
    squeeze_ratio: int = Field(default=4, ge=1)
    """Channels divided by the squeezed width."""
    refinement: bool = True
    """Branch-B: a 1x1 convolution from the squeezed map straight to the sum."""

    @field_validator("levels")
    @classmethod
    def _check_levels(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if not levels:
            raise ValueError("must hold at least one dispersion level, got none")
        for level in levels:
            if level < 3 or level % 2 == 0:
                raise ValueError(f"must hold odd levels of at least 3, got {level}")
        if len(set(levels)) < len(levels):
            raise ValueError(f"must not repeat a level, got {list(levels)}")
        return tuple(sorted(levels))

    @field_validator("lvar")
    @classmethod
    def _sort_lvar(cls, lvar: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(lvar)) < len(lvar):
            raise ValueError(f"must not repeat a level, got {list(lvar)}")
        return tuple(sorted(lvar))

    @model_validator(mode="after")
    def _check_placement(self) -> "MdsaConfig":
        for level in self.lvar:
            if level not in self.levels:
                raise ValueError(
                    f"lvar must be a subset of levels {list(self.levels)}, got {list(self.lvar)}"
                )
        return self


class EsaConfig(Frozen):
    """Enhanced spatial attention as in RFDN and BSRN: one level, deeper convolutions."""

    kind: Literal["esa"] = "esa"
    squeeze_ratio: int = Field(default=4, ge=1)
    """Channels divided by the squeezed width."""
    activation: Activation | None = None
    """Between the inner convolutions; None is the block's. RFDN has ReLU here."""


class ParallelEsaConfig(Frozen):
    """NEESR's attention: pooling alone compresses, then two 3x3 convolutions side by side."""

    kind: Literal["parallel-esa"] = "parallel-esa"
    squeeze_ratio: int = Field(default=4, ge=1)
    """Channels divided by the squeezed width."""
    activation: Activation | None = None
    """After the two convolutions; None is the block's."""


class CcaConfig(Frozen):
    """Contrast-aware channel attention (IMDN): standard deviation plus mean, squeeze, excite."""

    kind: Literal["cca"] = "cca"
    reduction: int = Field(default=16, ge=1)
    """Channels divided by the hidden width, which is at least 1."""


class EccaConfig(Frozen):
    """Enhanced contrast-aware channel attention (factsheet, Figure 5)."""

    kind: Literal["ecca"] = "ecca"
    cca: CcaConfig | None = CcaConfig()
    """CCA between the pointwise and the depthwise convolution; None leaves it out."""


class ChannelWeightConfig(Frozen):
    """One learned factor a channel, then a 1x1 convolution: what XPixel's BSRN has for CCA."""

    kind: Literal["channel-weight"] = "channel-weight"


class TimmAttentionConfig(Frozen):
    """A channel attention of timm in place of ECCA, with timm's default settings."""

    kind: TimmAttentionName


SpatialAttention = Annotated[
    Annotated[MdsaConfig | EsaConfig | ParallelEsaConfig, Field(discriminator="kind")],
    BeforeValidator(_by_name),
]
ChannelAttention = Annotated[
    Annotated[
        EccaConfig | CcaConfig | ChannelWeightConfig | TimmAttentionConfig,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_by_name),
]


class BlockConfig(Frozen):
    """What one EADB is, apart from its width (factsheet, Figure 3).

    Other settings make it IMDN's IMDB, RFDN's RFDB or BSRN's ESDB.
    """

    activation: Activation = "gelu"
    convolution: Convolution = "bsconv"
    """BSConv (pointwise, then depthwise 3x3) or a plain 3x3 convolution."""
    padding: Padding = "reflect"
    """Padding of BSConv's depthwise or of the plain 3x3 convolution."""
    pointwise_bias: bool = False
    """Whether BSConv's pointwise convolution has a bias, as in BSRN."""
    distillation: Distillation = "branch"
    """`branch`: a 1x1 convolution beside each step distils (RFDN and later). `split`: each step's
    output is split into a distilled and a remaining part (IMDN)."""
    distillation_steps: int = Field(default=3, ge=0)
    """Number of steps (BSRB in MDRN), each with a distillation."""
    distilled_fraction: float | None = Field(default=0.5, gt=0, le=1)
    """Distilled width as a fraction of the channels; None leaves out the distillation
    connections and keeps the chain of steps."""
    step_skip: bool = True
    """Skip around the convolution of each step, before its activation (BSRB, RFDN's SRB)."""
    last_activation: bool = True
    """Activation after the block's last 3x3 convolution; IMDN has none."""
    spatial_attention: SpatialAttention | None = MdsaConfig()
    channel_attention: ChannelAttention | None = EccaConfig()
    attention_skip: bool = True
    """Skip around each attention, as in MDRN only."""
    block_skip: bool = True
    """Skip around the whole block; RFDN has none."""


class BlockOverride(BlockConfig):
    """Other values for some blocks. Only the fields that are written differ."""

    blocks: tuple[int, ...]
    """Which blocks; 0 is the first, -1 the last."""

    @model_serializer(mode="wrap")
    def _only_written(self, handler: Any) -> dict[str, Any]:
        written = self.model_fields_set
        return {key: value for key, value in handler(self).items() if key in written}


class ModelConfig(BlockConfig):
    """A network of the MDRN family. The defaults are MDRN-S, the challenge entry, at x4.

    From outside every network takes and gives RGB in 0..1, whatever range it works in.
    """

    scale: Literal[2, 3, 4] = 4
    channels: int = Field(default=28, ge=4)
    blocks: int = Field(default=8, ge=1)
    block_overrides: tuple[BlockOverride, ...] = ()
    """Blocks that differ; a later entry wins over an earlier one."""
    rgb_mean: tuple[float, float, float] | None = (0.4488, 0.4371, 0.4040)
    """Subtracted from the input and added to the output; RGB in 0..1. None shifts nothing."""
    input_range: Literal[1, 255] = 1
    """Highest value of the RGB that the layers see: 0..1, or 0..255 as in RFDN and NEESR."""
    input_repeats: int = Field(default=1, ge=1)
    """How often RGB is stacked before the first convolution; 4 in BSRN."""
    shallow_convolution: Convolution = "conv3x3"
    """The first convolution, padded with zeros."""
    trunk_fusion: bool = True
    """A 1x1 convolution and an activation over the outputs of all blocks; without it the trunk's
    3x3 convolution takes the last block's output (IMDN, NEESR)."""

    @model_validator(mode="after")
    def _check_blocks(self) -> "ModelConfig":
        for override in self.block_overrides:
            for index in override.blocks:
                if not -self.blocks <= index < self.blocks:
                    raise ValueError(
                        f"block_overrides.blocks must lie in {-self.blocks}..{self.blocks - 1}, "
                        f"got {index}"
                    )
        for block in self.resolved_blocks():
            check_widths(self.channels, block)
        return self

    def block(self, index: int) -> BlockConfig:
        """Return block `index` (0 .. blocks - 1) with its overrides applied."""
        fields = {name: getattr(self, name) for name in BlockConfig.model_fields}
        for override in self.block_overrides:
            if index in {i % self.blocks for i in override.blocks}:
                written = override.model_fields_set - {"blocks"}
                fields |= {name: getattr(override, name) for name in written}
        return BlockConfig(**fields)

    def resolved_blocks(self) -> tuple[BlockConfig, ...]:
        """Return every block with its overrides applied, first to last."""
        return tuple(self.block(index) for index in range(self.blocks))

    def smallest_lr_px(self) -> int:
        """Smallest height and width in LR px that the network accepts."""
        sizes = [smallest_block_input_px(block) for block in self.resolved_blocks()]
        # The trunk's own convolutions mirror 1 px, which needs 2.
        return max([*sizes, _convolution_input_px(self.padding)])


def distilled_width(channels: int, block: BlockConfig) -> int:
    """Channels of one distilled map and of the block's last convolution."""
    if block.distilled_fraction is None:
        return channels
    return int(channels * block.distilled_fraction + 1e-9)


def check_widths(channels: int, block: BlockConfig) -> None:
    """Refuse a block in which some width would be zero.

    Raises:
        ValueError: Naming the field, the rule and the values.
    """
    _check_split(channels, block)
    if distilled_width(channels, block) < 1:
        raise ValueError(
            f"distilled_fraction must leave at least 1 of {channels} channels, "
            f"got {block.distilled_fraction}"
        )
    attention = block.spatial_attention
    if attention is not None and channels // attention.squeeze_ratio < 1:
        raise ValueError(
            f"spatial_attention.squeeze_ratio must be at most channels ({channels}), "
            f"got {attention.squeeze_ratio}"
        )


def _check_split(channels: int, block: BlockConfig) -> None:
    """A split keeps some channels and passes the rest on, so no skip fits around its steps."""
    if block.distillation != "split":
        return
    if block.distilled_fraction is None:
        raise ValueError("distilled_fraction must be a number with distillation split, got None")
    if block.step_skip:
        raise ValueError(
            "step_skip must be false with distillation split: a step takes the channels that the "
            "last one passed on and gives all of them, so no skip fits around it"
        )
    if distilled_width(channels, block) >= channels:
        raise ValueError(
            f"distilled_fraction must leave some of {channels} channels to pass on with "
            f"distillation split, got {block.distilled_fraction}"
        )


def _convolution_input_px(padding: Padding) -> int:
    """Reflection by 1 px needs 2 px; zero padding needs 1."""
    return 2 if padding == "reflect" else 1


def smallest_block_input_px(block: BlockConfig) -> int:
    """Smallest height and width in px for which one block can run."""
    smallest = _convolution_input_px(block.padding)
    match block.spatial_attention:
        case MdsaConfig(levels=levels, lvar=lvar, variance=variance):
            sizes = [
                _dispersion_input_px(k, variance if k in lvar else None, block.padding)
                for k in levels
            ]
            return max(smallest, *sizes)
        case EsaConfig():
            # 3x3 stride 2 without padding, then pooling 7 stride 3, then 3x3 convolutions.
            pooled = 7 + 3 * (_convolution_input_px(block.padding) - 1)
            return max(smallest, 2 * (pooled - 1) + 3)
        case ParallelEsaConfig():
            # Pooling 7 stride 7 with padding 1, then 3x3 convolutions.
            return max(smallest, 7 * _convolution_input_px(block.padding) - 2)
        case None:
            return smallest


def _dispersion_input_px(level: int, variance: Variance | None, padding: Padding) -> int:
    """Smallest input of the branch D<level>, read backwards from its last convolution."""
    pad = pool_padding(level)
    pooled = level - 2 * pad + 3 * (_convolution_input_px(padding) - 1)
    if variance == "local":
        pooled = max(pooled, pad + 1)  # reflection by `pad` needs one px more
    if variance == "global":
        pooled = max(pooled, 2)  # a single px has no unbiased variance
    pooled = max(pooled, 1)
    strided = 2 * pooled - 1  # 3x3, stride 2, padding 1 gives ceil(n / 2)
    return max(strided, _convolution_input_px(padding))
