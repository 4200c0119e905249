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
from safetensors.torch import save
from torch import Tensor

from workbench.config.base import Frozen, shown
from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.network import Network, parse_network
from workbench.errors import CheckpointError, ConfigError
from workbench.models.factory import build_model
from workbench.models.network import MDRN
from workbench.models.own_code import own_code
from workbench.models.own_module import OwnNetwork
from workbench.models.published.table import family_of, published_names, recognise
from workbench.models.state_files import (
    is_safetensors,
    misfits,
    one_line,
    published_state,
    safetensors_state,
)
from workbench.store.sources import load_sources
from workbench.store.store import Store
from workbench.system.digests import KEY, seal_safetensors
from workbench.system.files import write_atomically
from workbench.system.strict_json import loads

FORMAT = "mdrn-workbench/1"
OWN_PREFIX = "module."
"""Of the names in a network of the user's own as it stands in its wrapper."""


@dataclass(frozen=True)
class Weights:
    """What a weights file holds, under our names."""

    config: ModelConfig
    state: dict[str, Tensor]
    origin: str
    """`workbench` or `published`."""


def read_weights(path: Path) -> Weights:
    """Read a weights file of ours or a published one, on the CPU.

    The config is checked against the tensors before anything of its size is built. A published
    file needs no flags: scale, channels, blocks and parts follow from the names and shapes in it,
    and `params_ema` is preferred to `params`.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    weights = _read_safetensors(path) if is_safetensors(path) else _read_published(path)
    _use_sources_of_store(weights.config, path)
    problem = _contradiction(weights)
    if problem:
        raise CheckpointError(f"{path}: its tensors do not fit its network: {problem}")
    return weights


def load_model(path: Path) -> MDRN:
    """Read a weights file and build its network, in evaluation mode on the CPU.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    weights = read_weights(path)
    model = build_model(weights.config)
    model.load_state_dict(weights.state)
    return model.eval()


def load_network(path: Path) -> MDRN | OwnNetwork:
    """Read a weights file as `load_model` does; the network may be one of the user's own.

    Modules of the user's own in weights that lie in a store are built from the store's sources.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
        ForeignCodeError: If the code of a network of the user's own has changed or cannot be run.
    """
    if not is_safetensors(path):
        return load_model(path)
    state, metadata = safetensors_state(path)
    ours = metadata.get("format") == FORMAT
    config = _config_in(metadata, path) if ours else None
    if not isinstance(config, ModuleConfig):
        return load_model(path)
    _use_sources_of_store(config, path)
    network = build_model(config)
    state = {f"{OWN_PREFIX}{name}": tensor for name, tensor in state.items()}
    with own_code(config, "given its weights"):
        problem = misfits(network.state_dict(), state)
        if problem:
            raise CheckpointError(f"{path}: its tensors do not fit {config.path}: {problem}")
        network.load_state_dict(state)
        return network.eval()


def _use_sources_of_store(config: Network, path: Path) -> None:
    """Let this process build modules of the user's own as the store of a weights file has them."""
    store = Store(path.absolute().parents[2]) if len(path.absolute().parents) > 2 else None
    if store is not None and store.weights(path.absolute().parent.name) == path.absolute():
        load_sources(config, store.folder)


def save_weights(
    path: Path, config: Network, state: dict[str, Tensor], *, store: Path | None = None
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
    write_atomically(path, encode_weights(config, state), store=store)


def encode_weights(config: Network, state: dict[str, Tensor]) -> bytes:
    """Return a weights file of ours: safetensors with the config inside.

    A network of the user's own is stored under its own names.
    """
    prefix = OWN_PREFIX if isinstance(config, ModuleConfig) else ""
    # Copies, as tied weights share their memory, which safetensors refuses.
    tensors = {
        name.removeprefix(prefix): tensor.detach().cpu().contiguous().clone()
        for name, tensor in state.items()
    }
    metadata = {"format": FORMAT, "model": json.dumps(config.plain())}
    return seal_safetensors(save(tensors, metadata))


def export_published(path: Path, config: ModelConfig, state: dict[str, Tensor]) -> None:
    """Write weights under the names of the published code, as a bare PyTorch state dict.

    Raises:
        CheckpointError: If the published code has no such network.
        StoreError: If the file cannot be written.
    """
    write_atomically(path, encode_published(config, state))


def encode_published(config: ModelConfig, state: dict[str, Tensor]) -> bytes:
    """Return a bare PyTorch state dict under the names of the published code.

    Raises:
        CheckpointError: If the published code has no such network.
    """
    encoded = io.BytesIO()
    torch.save(to_published(config, state), encoded)
    return encoded.getvalue()


def weights_hash(state: dict[str, Tensor]) -> str:
    """Return the SHA-256 over names and values: equal for weights that are equal bit for bit."""
    digest = hashlib.sha256()
    for name in sorted(name for name, value in state.items() if isinstance(value, Tensor)):
        digest.update(name.encode())
        tensor = state[name].detach().cpu().contiguous()
        # By its bytes: NumPy has no bfloat16.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
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
    state, metadata = safetensors_state(path)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: a safetensors file without the workbench's config; "
            f"format must be {FORMAT!r}, got {shown(metadata.get('format'))}"
        )
    config = _config_in(metadata, path)
    if isinstance(config, ModuleConfig):
        raise CheckpointError(
            f"{path}: is of a network of your own, {config.path}; this needs one of the MDRN family"
        )
    return Weights(config, state, "workbench")


def _config_in(metadata: dict[str, str], path: Path) -> Network:
    try:
        text = _Metadata.parse({k: v for k, v in metadata.items() if k != KEY}).model
        return parse_network(loads(text))
    except (ConfigError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its config cannot be read ({one_line(error)})") from None


def _contradiction(weights: Weights) -> str | None:
    """Say where config and tensors contradict each other; cheap things first."""
    blocks = {name.split(".")[1] for name in weights.state if name.startswith("blocks.")}
    if len(blocks) != weights.config.blocks:
        return f"the config says {weights.config.blocks:,} blocks, the tensors are of {len(blocks)}"
    with torch.device("meta"):
        wanted = build_model(weights.config).state_dict()
    return misfits(wanted, weights.state)


def _read_published(path: Path) -> Weights:
    state = published_state(path)
    family = recognise(state)
    try:
        config = family.infer({name: tuple(tensor.shape) for name, tensor in state.items()})
        renamed = from_published(config, state)
        known = set(published_names(family, config, renamed).values())
    except (CheckpointError, ConfigError) as error:
        raise CheckpointError(f"{path}: {error}") from None
    except (ArithmeticError, LookupError, ValueError):  # such as a number where a matrix is due
        raise CheckpointError(
            f"{path}: no network of the line IMDN, RFDN, BSRN, MDRN has tensors of such shapes"
        ) from None
    surplus = set(state) - known
    if surplus:
        raise CheckpointError(
            f"{path}: the tensor {min(surplus)!r} belongs to no known part of {family.name}"
        )
    return Weights(config, renamed, "published")
