"""What is known about one published code base, and what the code bases share."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from workbench.config.block import BlockConfig, Convolution
from workbench.config.model import ModelConfig
from workbench.errors import CheckpointError

Shapes = dict[str, tuple[int, ...]]
"""Published name -> shape of the tensor."""

SCALES = {12: 2, 27: 3, 48: 4}
"""Outputs of the upsampler's convolution -> scale."""
BSCONV = {"pointwise": "pw", "depthwise": "dw"}


@dataclass(frozen=True)
class Family:
    """How one published code base names its tensors."""

    name: str
    """What messages call it."""
    sign: str
    """A pattern that a tensor's name matches in this code base and in no earlier one of the
    table."""
    names: Callable[[ModelConfig], dict[str, str]]
    """Our path of a module, or of a single tensor, -> the published one, for every part that
    both have."""
    infer: Callable[[Shapes], ModelConfig]
    """The network of a state dict. Raises `CheckpointError` or `ConfigError`."""
    pointwise_as_matrices: bool = False
    """Whether 1x1 convolutions are stored as the matrices of `nn.Linear`."""

    def stored_shape(self, shape: tuple[int, ...], published: str) -> tuple[int, ...]:
        """Return the shape under which the published code stores a tensor of ours."""
        if not self.pointwise_as_matrices:
            return shape
        if published.endswith(".cw"):
            return (1, *shape)
        return shape[:2] if shape[2:] == (1, 1) else shape


def convolution_names(ours: str, theirs: str, kind: Convolution) -> dict[str, str]:
    """Return the names of a BSConv's two parts, or of the one plain convolution."""
    if kind != "bsconv":
        return {ours: theirs}
    return {f"{ours}.{a}": f"{theirs}.{b}" for a, b in BSCONV.items()}


def block_names(block: BlockConfig, suffix: str = "") -> dict[str, str]:
    """Return the names of distillation, steps and fusion that RFDN, BSRN and MDRN share.

    Args:
        block: The block.
        suffix: What follows the published name of a 3x3 convolution.
    """
    names, steps, kind = dict[str, str](), block.distillation_steps, block.convolution
    for step in range(steps):
        names[f"distill.{step}"] = f"c{step + 1}_d"
        names |= convolution_names(f"residual.{step}", f"c{step + 1}_r{suffix}", kind)
    names |= convolution_names("last", f"c{steps + 1}{suffix}", kind)
    return names | {"fusion": f"c{steps + 2}"}


def block_fields(first: Shapes, channels: int, last_suffix: str) -> dict[str, object]:
    """Read steps and distilled width off the names of a block, without the leading `B1.`.

    Args:
        first: The first block's tensors.
        channels: Of the network.
        last_suffix: Of the last convolution's weight, such as `.pw.weight`.
    """
    steps = sum(bool(re.fullmatch(r"c\d+_r\..*weight", n)) and "dw" not in n for n in first)
    width = size(first, f"c{steps + 1}{last_suffix}", 0)
    connected = steps == 0 or "c1_d.weight" in first
    return {
        "distillation_steps": steps,
        "distilled_fraction": fraction(width, channels) if connected else None,
    }


def number_of_blocks(shapes: Shapes, pattern: str, first: int) -> int:
    """Count blocks by their numbers in the names.

    Args:
        shapes: All tensors.
        pattern: A regular expression whose group is the number.
        first: Number of the first block.

    Raises:
        CheckpointError: If a number is missing.
    """
    numbers = {int(m[1]) for name in shapes if (m := re.match(pattern, name))}
    if not numbers or numbers != set(range(first, first + len(numbers))):
        raise CheckpointError(
            f"blocks must be numbered from {first} without gaps, got {sorted(numbers)}"
        )
    return len(numbers)


def part(shapes: Shapes, prefix: str) -> Shapes:
    """Return the tensors below a prefix, without it."""
    return {n.removeprefix(prefix): s for n, s in shapes.items() if n.startswith(prefix)}


def scale_of(shapes: Shapes, upsampler: str) -> int:
    """Return the scale, from the width of the upsampler's convolution.

    Raises:
        CheckpointError: If its outputs fit no scale.
    """
    outputs = size(shapes, upsampler, 0)
    if outputs not in SCALES:
        raise CheckpointError(
            f"the upsampler must have 3 * scale^2 outputs for scale 2, 3 or 4, got {outputs}"
        )
    return SCALES[outputs]


def fraction(width: int, channels: int) -> float:
    """Return the plainest fraction of the channels that gives a width."""
    plain = (f for f in (0.25, 0.5, 1.0) if int(channels * f) == width)
    return next(plain, width / channels)


def size(shapes: Shapes, name: str, axis: int) -> int:
    """Return a tensor's size along an axis.

    Raises:
        CheckpointError: If there is no such tensor.
    """
    if name not in shapes:
        raise CheckpointError(
            f"no network of the line IMDN, RFDN, BSRN, MDRN: the tensor {name!r} is missing"
        )
    return shapes[name][axis]
