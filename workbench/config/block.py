"""What one block of the MDRN family is, validated, without torch.

Source: factsheet, section 1.2 and Figure 3 (EADB), the published code of MDRN (bbbolt/MDRN), and
the published weights of IMDN, RFDN and BSRN. Where paper and code differ the values follow the
code, because the checkpoints depend on it.
"""

from typing import Any, Literal

from pydantic import Field, SerializationInfo, model_serializer

from workbench.config.attention import (
    Activation,
    ChannelAttention,
    EccaConfig,
    MdsaConfig,
    Padding,
    SpatialAttention,
)
from workbench.config.base import WHOLE, Frozen
from workbench.config.bounds import MOST_BLOCKS, BlockIndex
from workbench.config.module import ModulePart

Convolution = Literal["bsconv", "conv3x3"]
Distillation = Literal["branch", "split"]


class BlockSettings(Frozen):
    """Settings of a block, apart from its width; the defaults are EADB's (factsheet, Figure 3).

    A block has them, a network has them for all of its blocks, and an override has some of them.
    Other values make a block IMDN's IMDB, RFDN's RFDB or BSRN's ESDB.
    """

    activation: Activation = "gelu"
    """After each step, after the last convolution if `last_activation`, and in the trunk fusion."""
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
    """After the block fusion; None leaves it out."""
    channel_attention: ChannelAttention | None = EccaConfig()
    """After the spatial attention; None leaves it out."""
    attention_skip: bool = True
    """Skip around each attention, as in MDRN only."""
    block_skip: bool = True
    """Skip around the whole block; RFDN has none."""
    block_module: ModulePart | None = None
    """A module of one's own in place of the whole block, whose other settings then have no
    effect; None is ours."""

    @model_serializer(mode="wrap")
    def _without_unused(self, handler: Any, info: SerializationInfo) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        # What older versions wrote has no such field, and names are made of hashes of it.
        if self.block_module is None and info.context != WHOLE:
            plain.pop("block_module", None)
        return plain

    def canonical_convolution(self) -> list[Any]:
        """Return what defines the block's 3x3 convolutions; a bias only where a BSConv is."""
        return [self.convolution, self.padding, self.bias_of(self.convolution)]

    def bias_of(self, kind: Convolution) -> bool | None:
        """Return whether pointwise convolutions have a bias; None where there are none."""
        return self.pointwise_bias if kind == "bsconv" else None


class BlockConfig(BlockSettings):
    """One block of a network."""

    def distilled_width(self, channels: int) -> int:
        """Return the channels of one distilled map and of the block's last convolution."""
        if self.distilled_fraction is None:
            return channels
        return int(channels * self.distilled_fraction + 1e-9)

    def own_modules(self) -> list[ModulePart]:
        """Return the modules of one's own in the block."""
        if self.block_module is not None:
            return [self.block_module]
        slots = (self.spatial_attention, self.channel_attention)
        return [part for part in slots if isinstance(part, ModulePart)]

    def canonical(self, channels: int) -> dict[str, Any]:
        """Return what defines the block at a width, without fields that have no effect there.

        Args:
            channels: Width of the network, at least 1.
        """
        if self.block_module is not None:
            return {"own": self.block_module.identity()}
        steps = self.distillation_steps > 0
        spatial, channel = self.spatial_attention, self.channel_attention
        return {
            "layers": [self.activation, *self.canonical_convolution()],
            "steps": self.distillation_steps,
            "distilled_width": self.distilled_width(channels),
            "connected": self.distilled_fraction is not None and steps,
            # Without steps there is nothing to split, to skip or to branch off.
            "kind": self.distillation if steps else None,
            "step_skip": self.step_skip if steps else None,
            "last_activation": self.last_activation,
            "spatial": None if spatial is None else spatial.canonical(channels, self.activation),
            "channel": None if channel is None else channel.canonical(channels),
            "attention_skip": self.attention_skip if spatial or channel else None,
            "block_skip": self.block_skip,
        }


class BlockOverride(BlockSettings):
    """Other values for some blocks. Only the fields that are written differ."""

    blocks: tuple[BlockIndex, ...] = Field(max_length=MOST_BLOCKS)
    """Which blocks; 0 is the first, -1 the last."""

    @model_serializer(mode="wrap")
    def _only_written(self, handler: Any) -> dict[str, Any]:
        written = self.model_fields_set
        return {key: value for key, value in handler(self).items() if key in written}


def weights_a_pair(block: BlockConfig) -> int:
    """Weights for each pair of channels in the steps and the last convolution of a block."""
    if block.block_module is not None:
        return 0  # what it has is known when it is built
    return (block.distillation_steps + 1) * (9 if block.convolution == "conv3x3" else 1)


def check_widths(channels: int, block: BlockConfig) -> None:
    """Refuse a block in which some width would be zero.

    Raises:
        ValueError: Naming the field, the rule and the values.
    """
    if block.block_module is not None:
        return
    _check_split(channels, block)
    if block.distilled_width(channels) < 1:
        raise ValueError(
            f"distilled_fraction must leave at least 1 of {channels} channels, "
            f"got {block.distilled_fraction}"
        )
    attention = block.spatial_attention
    if attention is None or isinstance(attention, ModulePart):
        return
    if channels // attention.squeeze_ratio < 1:
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
    if block.distilled_width(channels) >= channels:
        raise ValueError(
            f"distilled_fraction must leave some of {channels} channels to pass on with "
            f"distillation split, got {block.distilled_fraction}"
        )
