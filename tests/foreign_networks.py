"""Networks that are not ours, for tests of `--arch`."""

import torch
from torch import Tensor, nn


class Plain(nn.Module):
    """Two convolutions; RGB in whatever range."""

    def __init__(self, channels: int = 8, scale: int = 4) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, channels, 3, padding=1)
        self.last = nn.Conv2d(channels, 3 * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.shuffle(self.last(torch.relu(self.first(x))))
        return out


class Nearest(nn.Module):
    """Repeats pixels, and remembers the largest value that it saw."""

    def __init__(self, scale: int = 4, multiple: int = 1) -> None:
        super().__init__()
        self.scale, self.multiple = scale, multiple
        self.highest = 0.0

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] % self.multiple:
            raise ValueError(f"height must be a multiple of {self.multiple}")
        self.highest = max(self.highest, float(x.max()))
        return x.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


class Uneven(nn.Module):
    """Enlarges height and width by different numbers."""

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(2, 2)


class TwoChannels(nn.Module):
    """Loses a channel."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :2]


class Unlucky(nn.Module):
    """Cannot be built."""

    def __init__(self) -> None:
        raise RuntimeError("no luck\ntoday")


NO_CLASS = 3


def no_module() -> int:
    """Return no network."""
    return 3
