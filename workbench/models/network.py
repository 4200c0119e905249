"""MDRN, the multi-level dispersion residual network (factsheet, Figure 2).

Source: factsheet section 1.2 and the published code (bbbolt/MDRN, MIT). `MDRN` here is every
network of the family, from IMDN on; the canonical one, MDRN-S, is the default of `ModelConfig`.
"""

import torch
from torch import Tensor, nn

from workbench.config.model import ModelConfig
from workbench.errors import InputSizeError
from workbench.models.block import build_block
from workbench.models.layers import ACTIVATIONS, PointwiseConvolution, convolution


class MDRN(nn.Module):
    """Shallow features, blocks, fusion of all their outputs, upsampler.

    Raises:
        InputSizeError: In `forward`, for an input below `config.smallest_lr_px()`.
    """

    rgb_mean: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        channels = config.channels
        self.config = config
        self.scale: int = config.scale
        self.smallest_lr_px = config.smallest_lr_px()
        mean = torch.tensor(config.rgb_mean or (0.0, 0.0, 0.0)).view(1, 3, 1, 1)
        self.register_buffer("rgb_mean", mean, persistent=False)
        self.shallow = convolution(
            config,
            3 * config.input_repeats,
            channels,
            kind=config.shallow_convolution,
            padding="zeros",
        )
        self.blocks = nn.ModuleList(
            build_block(channels, block) for block in config.resolved_blocks()
        )
        self.fusion = (
            PointwiseConvolution(config.blocks * channels, channels)
            if config.trunk_fusion
            else None
        )
        self.activation = ACTIVATIONS[config.activation]()
        self.smooth = convolution(config, channels, channels)
        self.upsampler = nn.Sequential(
            nn.Conv2d(channels, 3 * config.scale**2, 3, padding=1), nn.PixelShuffle(config.scale)
        )

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, scale * h, scale * w), RGB in 0..1, not clamped."""
        self._check_size(lr)
        shallow = self.shallow(self._scaled(lr))
        x, outputs = shallow, []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        if self.fusion is not None:
            x = self.activation(self.fusion(torch.cat(outputs, dim=1)))
        return self._unscaled(self.upsampler(self.smooth(x) + shallow))

    def _scaled(self, lr: Tensor) -> Tensor:
        """Shift RGB in 0..1 by the mean, bring it into the range of the layers, and stack it."""
        # Nothing is computed that changes no value: MDRN's outputs are golden to the bit.
        x = lr if self.config.rgb_mean is None else lr - self.rgb_mean
        x = x if self.config.input_range == 1 else x * self.config.input_range
        return x if self.config.input_repeats == 1 else x.repeat(1, self.config.input_repeats, 1, 1)

    def _unscaled(self, hr: Tensor) -> Tensor:
        hr = hr if self.config.input_range == 1 else hr / self.config.input_range
        return hr if self.config.rgb_mean is None else hr + self.rgb_mean

    def _check_size(self, lr: Tensor) -> None:
        height, width = lr.shape[2], lr.shape[3]
        if min(height, width) < self.smallest_lr_px:
            raise InputSizeError(
                f"the input is {width} x {height} px; this network needs at least "
                f"{self.smallest_lr_px} x {self.smallest_lr_px} LR px"
            )
