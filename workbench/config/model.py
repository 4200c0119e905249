"""What a network is: every search dimension of the MDRN family, validated, without torch.

The family is the line that MDRN ends: IMDN, RFDN, BSRN and MDRN are configs of it, not code of
their own. Source: factsheet, section 1.2 (EADB, MDSA, ECCA), the published code of MDRN
(bbbolt/MDRN), and the published weights of the others (NTIRE 2022 efficient SR challenge).
Where paper and code differ the values follow the code, because the checkpoints depend on it.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_validator

from workbench.config.attention import convolution_input_px
from workbench.config.block import (
    BlockConfig,
    BlockOverride,
    BlockSettings,
    Convolution,
    check_widths,
    weights_a_pair,
)
from workbench.config.bounds import MOST_BLOCKS, Channels, Intensity, check_parameters
from workbench.config.module import ModulePart


class ModelConfig(BlockSettings):
    """A network of the MDRN family. The defaults are MDRN-S, the challenge entry, at x4.

    The settings of `BlockSettings` are those of all blocks that `block_overrides` does not name;
    `activation`, `convolution`, `padding` and `pointwise_bias` are the trunk's, too.

    From outside every network takes and gives RGB in 0..1, whatever range it works in.
    """

    scale: Literal[2, 3, 4] = 4
    """HR px for each LR px, in height and in width."""
    channels: Channels = 28
    """Width of the network: channels of every block's input and output."""
    blocks: int = Field(default=8, ge=1, le=MOST_BLOCKS)
    """Number of blocks, one after the other."""
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
        check_parameters(self.channels, self.blocks, sum(map(weights_a_pair, blocks)))
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
        ours = [block for block in self.resolved_blocks() if block.block_module is None]
        paddings = (self.padding, *(block.padding for block in ours))
        attentions = [
            block.spatial_attention.smallest_input_px(block.padding)
            for block in ours
            if block.spatial_attention is not None
        ]
        own = [part.min_input_px for part in self.own_modules()]
        return max([*map(convolution_input_px, paddings), *attentions, *own])

    def own_modules(self) -> Iterator[ModulePart]:
        """Yield every module of one's own in the network, each once."""
        parts = [part for block in self.resolved_blocks() for part in block.own_modules()]
        yield from dict.fromkeys(parts)

    def canonical(self) -> dict[str, Any]:
        """Return what defines the network and nothing else, as plain data.

        Equal for two configs exactly if they build the same network: fields without effect are
        left out, and widths are written as numbers of channels. Keys are made of it, so a change
        of its form makes every store train again.
        """
        shallow = [self.shallow_convolution, self.bias_of(self.shallow_convolution)]
        # Without fusion the trunk has no activation of its own.
        activation = self.activation if self.trunk_fusion else None
        return {
            "scale": self.scale,
            "channels": self.channels,
            # Zero padding of the first convolution, whatever the blocks have.
            "input": [self.rgb_mean, self.input_range, self.input_repeats, shallow],
            "trunk": [activation, self.trunk_fusion, *self.canonical_convolution()],
            "blocks": [block.canonical(self.channels) for block in self.resolved_blocks()],
        }
