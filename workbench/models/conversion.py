"""Weights under other names, proven before they are written.

What is written is loaded again first, as a user would load it, and must give the same output.
"""

import tempfile
from pathlib import Path

import torch
from torch import nn

from workbench.errors import CheckpointError, writing_file
from workbench.models.checkpoints import (
    Weights,
    encode_published,
    encode_weights,
    load_model,
    read_weights,
)
from workbench.system.files import write_atomically

SIDE_PX = 24
"""Of the random image that both networks get; larger if the network needs more."""


def convert_file(source: Path, target: Path, *, replace: bool = False) -> Weights:
    """Write the weights of a file in the other form: `.safetensors` ours, `.pth` published.

    Args:
        source: A weights file of either form.
        target: What is written, atomically.
        replace: Whether a file that is there and differs may be replaced.

    Returns:
        The weights.

    Raises:
        CheckpointError: If the source cannot be used, if no published code has such a network, if
            what would be written is not the same network, or if another file is there.
        StoreError: If the file cannot be written.
    """
    weights = read_weights(source)
    encode = encode_weights if target.suffix == ".safetensors" else encode_published
    try:
        content = encode(weights.config, weights.state)
    except CheckpointError as error:
        raise CheckpointError(f"{source}: {error}") from None
    _prove(source, target, content)
    if target.exists() and not replace and not _holds(target, weights):
        raise CheckpointError(
            f"{target}: is there already and holds something else; choose another OUT or add "
            "--overwrite"
        )
    write_atomically(target, content)
    return weights


def _holds(path: Path, weights: Weights) -> bool:
    """Tell whether a file holds the same network; its tensors may lie in another order."""
    try:
        there = read_weights(path)
    except CheckpointError:
        return False
    return (
        there.config == weights.config
        and there.state.keys() == weights.state.keys()
        and all(torch.equal(tensor, weights.state[name]) for name, tensor in there.state.items())
    )


def _prove(source: Path, target: Path, content: bytes) -> None:
    """Load what would be written and compare its output with that of the source.

    Raises:
        CheckpointError: If it cannot be loaded, or gives another output.
    """
    with writing_file(target), tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        path = Path(folder) / target.name
        path.write_bytes(content)
        try:
            written = load_model(path)
        except CheckpointError as error:
            reason = str(error).removeprefix(f"{path}: ")
            raise CheckpointError(
                f"{source}: cannot be written to {target}, it could not be loaded again: {reason}"
            ) from None
    model = load_model(source)
    side = max(SIDE_PX, model.smallest_lr_px)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((1, 3, side, side), generator=generator)
    if not _same(model, written, image):
        raise CheckpointError(
            f"{source}: cannot be written to {target}: loaded again it would give another output"
        )


def _same(one: nn.Module, other: nn.Module, image: torch.Tensor) -> bool:
    """Tell whether two networks give the same finite output, to float rounding."""
    with torch.inference_mode():
        first, second = one(image), other(image)
    if first.shape != second.shape or not bool(torch.isfinite(first).all()):
        return False
    return torch.allclose(first, second, rtol=1e-5, atol=1e-6)
