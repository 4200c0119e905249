"""Weights files: the published ones without flags, ours with the config inside.

Reading never executes code from a file: safetensors holds only tensors and text, and PyTorch
files are read with `weights_only=True`.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from workbench.config.base import Frozen
from workbench.config.model import ModelConfig
from workbench.config.published import weights_hint
from workbench.digests import KEY, DamagedError, check_safetensors, seal_safetensors
from workbench.errors import CheckpointError, ConfigError
from workbench.files import write_atomically
from workbench.models.factory import build_model
from workbench.models.network import MDRN
from workbench.models.published.table import family_of, published_names, recognise
from workbench.strict_json import loads

FORMAT = "mdrn-workbench/1"
STATE_KEYS = ("params_ema", "params", "net", "state_dict")
"""Under which published files keep their state dict, the best first."""


@dataclass(frozen=True)
class Weights:
    """What a weights file holds, under our names."""

    config: ModelConfig
    state: dict[str, Tensor]
    origin: str
    """`workbench` or `published`."""


def read_weights(path: Path) -> Weights:
    """Read a weights file of ours or a published one, on the CPU.

    A published file needs no flags: scale, channels, blocks and parts follow from the names and
    shapes in it, and `params_ema` is preferred to `params`.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    return _read_safetensors(path) if is_safetensors(path) else _read_published(path)


def is_safetensors(path: Path) -> bool:
    """Tell whether a weights file is a safetensors file.

    Raises:
        CheckpointError: If there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such weights file{weights_hint(path)}")
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    return start[8:] == b"{"  # eight bytes of header length, then a JSON object


def load_model(path: Path) -> MDRN:
    """Read a weights file and build its network, in evaluation mode on the CPU.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    weights = read_weights(path)
    model = build_model(weights.config)
    try:
        model.load_state_dict(weights.state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{path}: its tensors do not fit its network ({reason})") from None
    return model.eval()


def save_weights(
    path: Path, config: ModelConfig, state: dict[str, Tensor], *, store: Path | None = None
) -> None:
    """Write weights of ours, atomically: safetensors with the config and a digest inside.

    Args:
        path: The file.
        config: Of the network.
        state: Its state dict.
        store: The store that the file is part of, if any.

    Raises:
        StoreError: If the file cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    metadata = {"format": FORMAT, "model": json.dumps(config.plain())}
    write_atomically(path, seal_safetensors(save(tensors, metadata)), store=store)


def export_published(path: Path, config: ModelConfig, state: dict[str, Tensor]) -> None:
    """Write weights under the names of the published code, as a bare PyTorch state dict.

    Raises:
        CheckpointError: If the published code has no such network.
        StoreError: If the file cannot be written.
    """
    encoded = io.BytesIO()
    torch.save(to_published(config, state), encoded)
    write_atomically(path, encoded.getvalue())


def weights_hash(state: dict[str, Tensor]) -> str:
    """Return the SHA-256 over names and values: equal for weights that are equal bit for bit."""
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(state[name].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def to_published(config: ModelConfig, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename a state dict to the names, and the shapes, of the published code.

    Raises:
        CheckpointError: If no published code has such a network.
    """
    family = family_of(config, {name: tuple(tensor.shape) for name, tensor in state.items()})
    names = published_names(family, config, state)
    return {
        names[name]: tensor.reshape(family.stored_shape(tuple(tensor.shape), names[name]))
        for name, tensor in state.items()
    }


def from_published(config: ModelConfig, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename a published state dict to our names; parts that `config` leaves out are dropped.

    Raises:
        CheckpointError: If a tensor that `config` needs is missing or has another size.
    """
    with torch.device("meta"):
        wanted = build_model(config).state_dict()
    renamed = {}
    for name, published in published_names(recognise(state), config, wanted).items():
        if published not in state:
            raise CheckpointError(f"the tensor {published!r} ({name}) is missing")
        found, shape = state[published], tuple(wanted[name].shape)
        if found.numel() != wanted[name].numel():
            raise CheckpointError(
                f"the tensor {published!r} ({name}) must have the shape {shape}, "
                f"got {tuple(found.shape)}"
            )
        renamed[name] = found.reshape(shape)  # 1x1 convolutions may be stored as matrices
    return renamed


class _Metadata(Frozen):
    format: str
    model: str


def _read_safetensors(path: Path) -> Weights:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise CheckpointError(f"{path}: not a readable safetensors file ({error})") from None
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: a safetensors file without the workbench's config; "
            f"format must be {FORMAT!r}, got {metadata.get('format')!r}"
        )
    try:
        check_safetensors(path.read_bytes())
    except DamagedError as damage:
        raise CheckpointError(f"{path}: damaged ({damage}); it is not used") from None
    try:
        text = _Metadata.parse({k: v for k, v in metadata.items() if k != KEY}).model
        return Weights(ModelConfig.parse(loads(text)), state, "workbench")
    except (ConfigError, ValueError) as error:
        raise CheckpointError(f"{path}: its config cannot be read ({error})") from None


def _read_published(path: Path) -> Weights:
    state = published_state(path)
    family = recognise(state)
    try:
        config = family.infer({name: tuple(tensor.shape) for name, tensor in state.items()})
        renamed = from_published(config, state)
        known = set(published_names(family, config, renamed).values())
    except (CheckpointError, ConfigError) as error:
        raise CheckpointError(f"{path}: {error}") from None
    surplus = set(state) - known
    if surplus:
        raise CheckpointError(
            f"{path}: the tensor {min(surplus)!r} belongs to no known part of {family.name}"
        )
    return Weights(config, renamed, "published")


def published_state(path: Path) -> dict[str, Tensor]:
    """Read the state dict out of a PyTorch file, on the CPU and without running code.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 (torch.load raises whatever a broken file causes)
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else repr(error)
        raise CheckpointError(
            f"{path}: not a weights file, or one that holds code, which is never run ({reason})"
        ) from None
    for key in STATE_KEYS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise CheckpointError(f"{path}: holds no state dict (names and tensors)")
    return content
