"""Builders of tests: modules of a user's own, as files in a folder."""

from pathlib import Path

NETS = '''
from torch import nn

from my_parts import upsampler


class Net(nn.Module):
    """Its upsampler begins at zero, so it begins as nearest-neighbour upscaling."""

    def __init__(self, width=6, depth=2):
        super().__init__()
        widths = [3] + [width] * depth
        self.body = nn.Sequential(
            *(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(widths, widths[1:]))
        )
        self.up = upsampler(width)
        nn.init.zeros_(self.up[0].weight)
        nn.init.zeros_(self.up[0].bias)

    def forward(self, lr):
        return self.up(self.body(lr)) + nn.functional.interpolate(lr, scale_factor=4)
'''

PARTS = """
from torch import nn


def upsampler(width):
    return nn.Sequential(nn.Conv2d(width, 48, 3, padding=1), nn.PixelShuffle(4))
"""

ATTENTION = """
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self, channels, hidden=2):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.excite(self.squeeze(x).relu()))
"""

GATE = {"kind": "module", "path": "my_attention:Gate"}
NET = {"kind": "module", "path": "my_nets:Net"}


def write_modules(folder: Path) -> Path:
    """Write `my_nets` (which imports `my_parts`), `my_attention`, and variants that use them."""
    (folder / "my_nets.py").write_text(NETS)
    (folder / "my_parts.py").write_text(PARTS)
    (folder / "my_attention.py").write_text(ATTENTION)
    variants = folder / "ablations"
    variants.mkdir()
    (variants / "gate.yaml").write_text(
        "question: Is a gate of ten lines as good as MDSA?\n"
        "overrides:\n"
        "  model.spatial_attention: {kind: module, path: 'my_attention:Gate'}\n"
    )
    (variants / "my-net.yaml").write_text(
        "question: Is my network as good as the base?\n"
        "overrides:\n"
        "  model: {kind: module, path: 'my_nets:Net', arguments: {width: 6}}\n"
    )
    return folder


def change(file: Path, old: str, new: str) -> None:
    """Replace text in a file, which must have it."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


COUNTING = '''
import torch
from torch import nn


class Net(nn.Module):
    """It has running statistics, counts its training steps, and may fail at one of them."""

    def __init__(self, fails_after=None):
        super().__init__()
        self.conv = nn.Conv2d(3, 48, 3, padding=1)
        self.norm = nn.BatchNorm2d(48)
        self.register_buffer("steps", torch.zeros(()))
        self.fails_after = fails_after

    def forward(self, lr):
        print("a line from forward")
        if self.training:
            self.steps.add_(1)
            if self.fails_after is not None and self.steps > self.fails_after:
                raise KeyError(f"step {int(self.steps)}")
        return nn.functional.pixel_shuffle(self.norm(self.conv(lr)), 4)
'''


def write_counting(folder: Path) -> Path:
    """Write `counting:Net`, whose buffers change from step to step."""
    (folder / "counting.py").write_text(COUNTING)
    return folder
