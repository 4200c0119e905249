"""MobileSR: windowed attention and inverted bottlenecks in turn (team NJUST_ESR, NTIRE 2022).

Source: the challenge report (Li et al., CVPR Workshops 2022) and the names and shapes of the
published weights. What these leave open was settled by the published scores: one LeakyReLU, after
the second shuffle; zero padding after the norm, without a mask; qkv in the order (part, head, dim).

Layouts are those of the published code as far as its published counts show them: the challenge's
counter, which is wrong for more than vectors, gives its 8.7301 G only if `nn.Linear` is handed
(windows, 64, C) in the attention and (N, H, W, C) in the MLP.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.errors import CheckpointError

CHANNELS = 40
RATIOS = (4, 2, 2, 2, 4)
"""Hidden channels a channel, of the MLP and of the convolution block of each stage."""
HEADS = 8
WINDOW_PX = 8
SLOPE = 0.2


class WindowAttention(nn.Module):
    """Multi-head self-attention within windows: no shift, no mask, no position of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = (CHANNELS // HEADS) ** -0.5
        self.qkv = nn.Linear(CHANNELS, 3 * CHANNELS, bias=False)
        self.projection = nn.Linear(CHANNELS, CHANNELS)

    def forward(self, tokens: Tensor) -> Tensor:
        """(windows, tokens, C) -> (windows, tokens, C)."""
        windows, count, channels = tokens.shape
        parts = self.qkv(tokens).view(windows, count, 3, HEADS, channels // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (windows, heads, tokens, dim)
        weights = (query * self.scale @ key.transpose(-2, -1)).softmax(dim=-1)
        joined = (weights @ value).transpose(1, 2).reshape(windows, count, channels)
        out: Tensor = self.projection(joined)
        return out


class MLP(nn.Module):
    """Two linear layers at every pixel."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.expand = nn.Linear(CHANNELS, hidden)
        self.activation = nn.GELU()
        self.reduce = nn.Linear(hidden, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) -> (N, H, W, C)."""
        out: Tensor = self.reduce(self.activation(self.expand(x)))
        return out


class TransformerBlock(nn.Module):
    """A depthwise convolution for the position, attention in windows, MLP; a skip over each."""

    def __init__(self, ratio: int) -> None:
        super().__init__()
        self.position = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS)
        self.attention_norm = nn.LayerNorm(CHANNELS)
        self.attention = WindowAttention()
        self.mlp_norm = nn.LayerNorm(CHANNELS)
        self.mlp = MLP(ratio * CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W), any height and width."""
        pixels = (x + self.position(x)).permute(0, 2, 3, 1)
        pixels = pixels + self._attend(self.attention_norm(pixels))
        pixels = pixels + self.mlp(self.mlp_norm(pixels))
        out: Tensor = pixels.permute(0, 3, 1, 2).contiguous()
        return out

    def _attend(self, pixels: Tensor) -> Tensor:
        """(N, H, W, C) -> (N, H, W, C): pad to whole windows, attend, crop."""
        height, width = pixels.shape[1], pixels.shape[2]
        padded = functional.pad(pixels, (0, 0, 0, -width % WINDOW_PX, 0, -height % WINDOW_PX))
        attended = from_windows(self.attention(to_windows(padded)), padded)
        return attended[:, :height, :width]


class ConvolutionBlock(nn.Module):
    """Inverted bottleneck: 1x1 up, depthwise 3x3, 1x1 down, and a skip."""

    def __init__(self, ratio: int) -> None:
        super().__init__()
        hidden = ratio * CHANNELS
        self.expand = nn.Conv2d(CHANNELS, hidden, 1)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.activation = nn.LeakyReLU(SLOPE)
        self.reduce = nn.Conv2d(hidden, CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        hidden = self.activation(self.expand(x))
        out: Tensor = x + self.reduce(self.activation(self.depthwise(hidden)))
        return out


class Stage(nn.Module):
    """A transformer block, then a convolution block."""

    def __init__(self, ratio: int) -> None:
        super().__init__()
        self.transformer = TransformerBlock(ratio)
        self.convolution = ConvolutionBlock(ratio)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        out: Tensor = self.convolution(self.transformer(x))
        return out


class MobileSR(nn.Module):
    """Head, five stages, fusion of both, two shuffles, tail, plus the input enlarged bilinearly."""

    scale = 4
    smallest_lr_px = 1

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, CHANNELS, 3, padding=1)
        self.stages = nn.Sequential(*(Stage(ratio) for ratio in RATIOS))
        self.fuse = nn.Conv2d(2 * CHANNELS, CHANNELS, 3, padding=1)
        self.upsample = nn.Sequential(
            nn.Conv2d(CHANNELS, 4 * CHANNELS, 1),
            nn.PixelShuffle(2),
            nn.Conv2d(CHANNELS, 4 * CHANNELS, 1),
            nn.PixelShuffle(2),
        )
        self.activation = nn.LeakyReLU(SLOPE)
        self.tail = nn.Conv2d(CHANNELS, 3, 3, padding=1)

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, 4 * h, 4 * w), RGB in 0..1, not clamped."""
        size = (self.scale * lr.shape[2], self.scale * lr.shape[3])
        enlarged = functional.interpolate(lr, size=size, mode="bilinear", align_corners=False)
        head = self.head(lr)
        fused = self.fuse(torch.cat((head, self.stages(head)), dim=1))
        out: Tensor = enlarged + self.tail(self.activation(self.upsample(fused)))
        return out


def to_windows(pixels: Tensor) -> Tensor:
    """(N, H, W, C) -> (N * windows, 64, C), rows first; H and W are multiples of 8."""
    batch, height, width, channels = pixels.shape
    rows, columns = height // WINDOW_PX, width // WINDOW_PX
    grid = pixels.reshape(batch, rows, WINDOW_PX, columns, WINDOW_PX, channels)
    return grid.transpose(2, 3).reshape(-1, WINDOW_PX**2, channels)


def from_windows(windows: Tensor, like: Tensor) -> Tensor:
    """(N * windows, 64, C) -> (N, H, W, C), the shape of `like`; undoes `to_windows`."""
    batch, height, width, channels = like.shape
    rows, columns = height // WINDOW_PX, width // WINDOW_PX
    grid = windows.reshape(batch, rows, columns, WINDOW_PX, WINDOW_PX, channels)
    return grid.transpose(2, 3).reshape(batch, height, width, channels)


_OUTSIDE = {
    "head": "head",
    "fuse": "fuse",
    "upsapling.0": "upsample.0",  # spelt so in the published files
    "upsapling.2": "upsample.2",
    "tail": "tail",
}
_IN_STAGE = {
    "0.pos_embed": "transformer.position",
    "0.norm1": "transformer.attention_norm",
    "0.attn.qkv": "transformer.attention.qkv",
    "0.attn.proj_out": "transformer.attention.projection",
    "0.norm2": "transformer.mlp_norm",
    "0.mlp.fc.0": "transformer.mlp.expand",
    "0.mlp.fc.2": "transformer.mlp.reduce",
    "1.net.0": "convolution.expand",
    "1.net.2": "convolution.depthwise",
    "1.net.4": "convolution.reduce",
}
_WITHOUT_BIAS = {"0.attn.qkv"}


def _published_names() -> dict[str, str]:
    """Return published name -> ours, of every tensor."""
    layers = dict(_OUTSIDE)
    biasless = set()
    for stage in range(len(RATIOS)):
        for published, ours in _IN_STAGE.items():
            layers[f"body.layers.{stage}.{published}"] = f"stages.{stage}.{ours}"
        biasless |= {f"body.layers.{stage}.{published}" for published in _WITHOUT_BIAS}
    return {
        f"{published}.{kind}": f"{ours}.{kind}"
        for published, ours in layers.items()
        for kind in ("weight", "bias")
        if kind == "weight" or published not in biasless
    }


PUBLISHED_NAMES = _published_names()
"""Published name -> ours, of every tensor."""


_SIGNATURE = {"body.layers.0.0.attn.qkv.weight", "upsapling.0.weight"}
"""Names that no other network has, so that a file with a tensor missing is still recognised."""


def is_published(names: Iterable[str]) -> bool:
    """Tell whether the names of a state dict are those of the published MobileSR."""
    return set(names) >= _SIGNATURE


def from_published(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename a published state dict to our names.

    Raises:
        CheckpointError: Naming a tensor that is missing, surplus or of another shape.
    """
    surplus = state.keys() - PUBLISHED_NAMES.keys()
    if surplus:
        raise CheckpointError(f"the tensor {min(surplus)!r} belongs to no known part of MobileSR")
    with torch.device("meta"):
        wanted = MobileSR().state_dict()
    return {
        ours: _fitting(state, published, tuple(wanted[ours].shape))
        for published, ours in PUBLISHED_NAMES.items()
    }


def _fitting(state: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> Tensor:
    if name not in state:
        raise CheckpointError(f"no MobileSR: the tensor {name!r} is missing")
    found = tuple(state[name].shape)
    if found != shape:
        raise CheckpointError(
            f"no MobileSR: the tensor {name!r} must have the shape {shape}, got {found}"
        )
    return state[name]
