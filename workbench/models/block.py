"""The block of the family: EADB in MDRN (factsheet, Figure 3), and what it grew from.

By configuration alone it is IMDN's IMDB (split), RFDN's RFDB (1x1 branches, ESA) and BSRN's ESDB
(BSConv). Source: factsheet section 1.2; published code of MDRN; published weights of the others.
"""

import torch
from torch import Tensor, nn

from workbench.config.block import BlockConfig
from workbench.models.attention import ADDS_INPUT, channel_attention, spatial_attention
from workbench.models.layers import ACTIVATIONS, PointwiseConvolution, convolution
from workbench.models.own_module import build_own


def build_block(channels: int, config: BlockConfig) -> nn.Module:
    """Build a block, (N, C, H, W) -> (N, C, H, W): ours, or a module of one's own.

    Raises:
        ForeignCodeError: If a module of one's own cannot be built.
    """
    if config.block_module is not None:
        return build_own(config.block_module, channels)
    return EADB(channels, config)


class EADB(nn.Module):
    """Distillation steps, fusion, spatial and channel attention, with the skips that there are."""

    def __init__(self, channels: int, config: BlockConfig) -> None:
        super().__init__()
        width, steps = config.distilled_width(channels), config.distillation_steps
        split = config.distillation == "split"
        branches = 0 if split or config.distilled_fraction is None else steps
        passed_on = channels - width if split else channels
        widths = [channels, *[passed_on] * steps]
        """Channels that each step and the last convolution take."""
        self.config = config
        self.sizes = (width, passed_on) if split else None
        self.distill = nn.ModuleList(PointwiseConvolution(channels, width) for _ in range(branches))
        self.residual = nn.ModuleList(
            convolution(config, taken, channels) for taken in widths[:steps]
        )
        self.last = convolution(config, widths[steps], width)
        distilled = steps if split else branches
        self.fusion = PointwiseConvolution((distilled + 1) * width, channels)
        self.activation = ACTIVATIONS[config.activation]()
        self.spatial_attention = spatial_attention(channels, config)
        self.channel_attention = channel_attention(channels, config)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        out = self.fusion(torch.cat(self._distilled(x), dim=1))
        for attention in (self.spatial_attention, self.channel_attention):
            if attention is None:
                continue
            if not self.config.attention_skip:
                out = attention(out)
            elif isinstance(attention, ADDS_INPUT):
                out = attention(out, add_input=True)
            else:
                out = attention(out) + out
        result: Tensor = x + out if self.config.block_skip else out
        return result

    def _distilled(self, refined: Tensor) -> list[Tensor]:
        """Return the distilled maps and the last one, each (N, width, H, W)."""
        maps = []
        for step, convolve in enumerate(self.residual):
            if self.distill:
                maps.append(self.activation(self.distill[step](refined)))
            skip = refined if self.config.step_skip else None
            refined = convolve(refined, skip=skip, activation=self.config.activation)
            if self.sizes:
                distilled, refined = refined.split(self.sizes, dim=1)
                maps.append(distilled)
        after_last = self.config.activation if self.config.last_activation else None
        maps.append(self.last(refined, activation=after_last))
        return maps
