"""SPAN, the baseline of the NTIRE 2026 challenge on efficient SR, as it is deployed.

Swift Parameter-free Attention Network (Wan et al., CVPR Workshops 2024, arXiv 2311.12770), in the
size of the challenge: 28 channels, six blocks, 150,688 parameters. In training each of its 3x3
convolutions is a sum of several, which are merged before the network is used; here is what they
are merged to. The runtime does not depend on the weights, so these are random: the network is here
to be timed and counted.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 28
BLOCKS = 6
SCALE = 4
RGB_MEAN = (0.4488, 0.4371, 0.4040)


class Block(nn.Module):
    """Three convolutions whose output, by an odd function of itself, is its own attention."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second, self.third = (_convolution(channels, channels) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, h, w) -> the output and the activated first convolution, both (N, C, h, w)."""
        first = functional.silu(self.first(x), inplace=True)
        third = self.third(functional.silu(self.second(first), inplace=True))
        return (third + x) * (torch.sigmoid(third) - 0.5), first


class SPAN(nn.Module):
    """(N, 3, h, w) to (N, 3, 4 h, 4 w), RGB in 0..1, with random weights."""

    scale = SCALE
    smallest_lr_px = 1

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.shallow = _convolution(3, channels)
        self.blocks = nn.ModuleList(Block(channels) for _ in range(BLOCKS))
        self.smooth = _convolution(channels, channels)
        self.fusion = nn.Conv2d(4 * channels, channels, 1)
        self.upsampler = nn.Sequential(_convolution(channels, 3 * SCALE**2), nn.PixelShuffle(SCALE))
        self.register_buffer("mean", torch.tensor(RGB_MEAN).view(1, 3, 1, 1), persistent=False)
        self.mean: Tensor

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, 4 h, 4 w)."""
        shallow = self.shallow(lr - self.mean)
        first, inner = self.blocks[0](shallow)
        out = first
        for block in self.blocks[1:]:
            out, inner = block(out)
        joined = torch.cat((shallow, self.smooth(out), first, inner), dim=1)
        large: Tensor = self.upsampler(self.fusion(joined))
        return large


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)
