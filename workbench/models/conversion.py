"""Weights under other names, proven before they are written.

What is written is loaded again first, as a user would load it, and must give the same output.
"""

import io
import json
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
from workbench.models.own_module import OwnNetwork
from workbench.models.state_files import is_safetensors, read_state, safetensors_state
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
        raise _taken(target)
    write_atomically(target, content)
    return weights


def write_own(network: OwnNetwork, target: Path, *, replace: bool = False) -> None:
    """Write the weights of a network of the user's own under the names of its class.

    Args:
        network: With its weights.
        target: `.safetensors` with the config inside, or `.pth`, a bare state dict of PyTorch.
        replace: Whether a file that is there and holds something else may be replaced.

    Raises:
        CheckpointError: If another file is there.
        StoreError: If the file cannot be written.
    """
    if target.suffix == ".safetensors":
        content = encode_weights(network.config, network.state_dict())
    else:
        encoded = io.BytesIO()
        torch.save(network.module.state_dict(), encoded)
        content = encoded.getvalue()
    if target.exists() and not replace and not _holds_own(target, network):
        raise _taken(target)
    write_atomically(target, content)


def _holds_own(path: Path, network: OwnNetwork) -> bool:
    """Tell whether a file holds the weights of a network of the user's own, and its config."""
    own = network.module.state_dict()
    try:
        there = read_state(path)
        said = safetensors_state(path)[1].get("model") if is_safetensors(path) else None
    except CheckpointError:
        return False
    return (
        said in (None, json.dumps(network.config.plain()))
        and there.keys() == own.keys()
        and all(torch.equal(tensor, own[name]) for name, tensor in there.items())
    )


def _taken(target: Path) -> CheckpointError:
    return CheckpointError(
        f"{target}: is there already and holds something else; choose another OUT or add "
        "--overwrite"
    )


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
