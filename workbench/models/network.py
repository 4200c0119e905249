"""MDRN, the multi-level dispersion residual network (factsheet, Figure 2).

Source: factsheet section 1.2 and the published code (bbbolt/MDRN, MIT). `MDRN` here is every
network of the family; the canonical one, MDRN-S, is the default of `ModelConfig`.
"""

import torch
from torch import Tensor, nn

from workbench.config.model import ModelConfig
from workbench.errors import InputSizeError
from workbench.models.block import EADB
from workbench.models.layers import ACTIVATIONS, convolution


class MDRN(nn.Module):
    """Shallow features, EADBs, fusion of all their outputs, upsampler.

    Raises:
        InputSizeError: In `forward`, for an input below `config.smallest_lr_px()`.
    """

    rgb_mean: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        channels = config.channels
        self.config = config
        self.smallest_lr_px = config.smallest_lr_px()
        mean = torch.tensor(config.rgb_mean).view(1, 3, 1, 1)
        self.register_buffer("rgb_mean", mean, persistent=False)
        self.shallow = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.ModuleList(EADB(channels, block) for block in config.resolved_blocks())
        self.fusion = nn.Conv2d(config.blocks * channels, channels, 1)
        self.activation = ACTIVATIONS[config.activation]()
        self.smooth = convolution(config.convolution, channels, channels, padding=config.padding)
        self.upsampler = nn.Sequential(
            nn.Conv2d(channels, 3 * config.scale**2, 3, padding=1), nn.PixelShuffle(config.scale)
        )

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, scale * h, scale * w), RGB in 0..1, not clamped."""
        self._check_size(lr)
        shallow = self.shallow(lr - self.rgb_mean)
        x, outputs = shallow, []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        fused = self.activation(self.fusion(torch.cat(outputs, dim=1)))
        hr: Tensor = self.upsampler(self.smooth(fused) + shallow) + self.rgb_mean
        return hr

    def _check_size(self, lr: Tensor) -> None:
        height, width = lr.shape[2], lr.shape[3]
        if min(height, width) < self.smallest_lr_px:
            raise InputSizeError(
                f"the input is {width} x {height} px; this network needs at least "
                f"{self.smallest_lr_px} x {self.smallest_lr_px} LR px"
            )
