"""What a network is: every search dimension of the MDRN family, validated, without torch.

The family is the line that MDRN ends: IMDN, RFDN, BSRN and MDRN are configs of it, not code of
their own. Source: factsheet, section 1.2 (EADB, MDSA, ECCA), the published code of MDRN
(bbbolt/MDRN), and the published weights of the others (NTIRE 2022 efficient SR challenge).
Where paper and code differ the values follow the code, because the checkpoints depend on it.
"""

from typing import Any, Literal

from pydantic import Field, model_serializer, model_validator

from workbench.config.attention import (
    Activation,
    ChannelAttention,
    EccaConfig,
    MdsaConfig,
    Padding,
    SpatialAttention,
    attention_input_px,
    convolution_input_px,
)
from workbench.config.base import Frozen
from workbench.config.bounds import (
    MOST_BLOCKS,
    BlockIndex,
    Channels,
    Intensity,
    check_parameters,
)

Convolution = Literal["bsconv", "conv3x3"]
Distillation = Literal["branch", "split"]


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
    distillation_steps: int = Field(default=3, ge=0, le=100)
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

    blocks: tuple[BlockIndex, ...] = Field(max_length=MOST_BLOCKS)
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
    channels: Channels = 28
    blocks: int = Field(default=8, ge=1, le=MOST_BLOCKS)
    block_overrides: tuple[BlockOverride, ...] = Field(default=(), max_length=MOST_BLOCKS)
    """Blocks that differ; a later entry wins over an earlier one."""
    rgb_mean: tuple[Intensity, Intensity, Intensity] | None = (0.4488, 0.4371, 0.4040)
    """Subtracted from the input and added to the output; RGB in 0..1. None shifts nothing."""
    input_range: Literal[1, 255] = 1
    """Highest value of the RGB that the layers see: 0..1, or 0..255 as in RFDN and EFDN."""
    input_repeats: int = Field(default=1, ge=1, le=64)
    """How often RGB is stacked before the first convolution; 4 in BSRN."""
    shallow_convolution: Convolution = "conv3x3"
    """The first convolution, padded with zeros."""
    trunk_fusion: bool = True
    """A 1x1 convolution and an activation over the outputs of all blocks; without it the trunk's
    3x3 convolution takes the last block's output (IMDN, EFDN)."""

    @model_validator(mode="after")
    def _check_blocks(self) -> "ModelConfig":
        for override in self.block_overrides:
            for index in override.blocks:
                if not -self.blocks <= index < self.blocks:
                    raise ValueError(
                        f"block_overrides.blocks must lie in {-self.blocks}..{self.blocks - 1}, "
                        f"got {index}"
                    )
        blocks = self.resolved_blocks()
        check_parameters(self.channels, self.blocks, sum(map(_weights_a_pair, blocks)))
        for block in blocks:
            check_widths(self.channels, block)
        return self

    def block(self, index: int) -> BlockConfig:
        """Return block `index` (0 .. blocks - 1) with its overrides applied."""
        return self.resolved_blocks()[index]

    def resolved_blocks(self) -> tuple[BlockConfig, ...]:
        """Return every block with its overrides applied, first to last."""
        fields = {name: getattr(self, name) for name in BlockConfig.model_fields}
        changed: dict[int, dict[str, Any]] = {}
        for override in self.block_overrides:
            written = override.model_fields_set - {"blocks"}
            values = {name: getattr(override, name) for name in written}
            for index in override.blocks:
                changed.setdefault(index % self.blocks, {}).update(values)
        plain = BlockConfig(**fields)
        return tuple(
            BlockConfig(**fields | changed[index]) if index in changed else plain
            for index in range(self.blocks)
        )

    def smallest_lr_px(self) -> int:
        """Smallest height and width in LR px that the network accepts."""
        # The trunk's own convolution and those of the blocks mirror their border, too.
        paddings = (self.padding, *(block.padding for block in self.resolved_blocks()))
        attentions = [
            attention_input_px(block.spatial_attention, block.padding)
            for block in self.resolved_blocks()
        ]
        return max(*map(convolution_input_px, paddings), *attentions)


def distilled_width(channels: int, block: BlockConfig) -> int:
    """Channels of one distilled map and of the block's last convolution."""
    if block.distilled_fraction is None:
        return channels
    return int(channels * block.distilled_fraction + 1e-9)


def _weights_a_pair(block: BlockConfig) -> int:
    """Weights for each pair of channels in the steps and the last convolution of a block."""
    return (block.distillation_steps + 1) * (9 if block.convolution == "conv3x3" else 1)


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
