"""EADB, the enhanced attention distillation block (factsheet, Figure 3)."""

import torch
from torch import Tensor, nn

from workbench.config.model import BlockConfig, distilled_width
from workbench.models.attention import channel_attention, spatial_attention
from workbench.models.layers import ACTIVATIONS, convolution


class EADB(nn.Module):
    """Distillation and BSRB steps, fusion, MDSA, ECCA, and a skip around all of it."""

    def __init__(self, channels: int, config: BlockConfig) -> None:
        super().__init__()
        conv, pad = config.convolution, config.padding
        width, steps = distilled_width(channels, config), config.distillation_steps
        connections = 0 if config.distilled_fraction is None else steps
        self.distill = nn.ModuleList(nn.Conv2d(channels, width, 1) for _ in range(connections))
        self.residual = nn.ModuleList(
            convolution(conv, channels, channels, padding=pad) for _ in range(steps)
        )
        self.last = convolution(conv, channels, width, padding=pad)
        self.fusion = nn.Conv2d((connections + 1) * width, channels, 1)
        self.activation = ACTIVATIONS[config.activation]()
        self.spatial_attention = spatial_attention(channels, config)
        self.channel_attention = channel_attention(channels, config)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        out = self.fusion(torch.cat(self._distilled(x), dim=1))
        if self.spatial_attention is not None:
            out = self.spatial_attention(out) + out
        if self.channel_attention is not None:
            out = self.channel_attention(out) + out
        result: Tensor = x + out
        return result

    def _distilled(self, refined: Tensor) -> list[Tensor]:
        """Return the distilled maps and the last one, each (N, width, H, W)."""
        maps = []
        for step, bsrb in enumerate(self.residual):
            if self.distill:
                maps.append(self.activation(self.distill[step](refined)))
            refined = self.activation(bsrb(refined) + refined)
        maps.append(self.activation(self.last(refined)))
        return maps
