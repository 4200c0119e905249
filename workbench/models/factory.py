"""`build_model`: the only place where a config becomes a module."""

import hashlib
from typing import overload

from torch import nn

from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.network import Network
from workbench.models.network import MDRN
from workbench.models.own_module import OwnNetwork, draw_own
from workbench.system.global_state import random_streams_kept, seed_torch


@overload
def build_model(config: ModelConfig, *, seed: int | None = None) -> MDRN: ...
@overload
def build_model(config: Network, *, seed: int | None = None) -> MDRN | OwnNetwork: ...
@random_streams_kept()
def build_model(config: Network, *, seed: int | None = None) -> MDRN | OwnNetwork:
    """Build a network.

    Args:
        config: Any valid config of a network.
        seed: Seed of the initial weights. None is for weights that are loaded next, and for the
            meta device: the values are then those that PyTorch happens to draw.

    Returns:
        The network in training mode, in float32, on the current default device. The process's
        random streams are as they were.

    Raises:
        ForeignCodeError: If a module of the user's own cannot be built.
    """
    model = OwnNetwork(config) if isinstance(config, ModuleConfig) else MDRN(config)
    if seed is not None:
        initialise(model, seed)
    return model


@random_streams_kept()
def initialise(model: nn.Module, seed: int) -> None:
    """Draw the initial weights of each module from a stream of its own.

    The stream depends on (seed, path of the module) only, so taking a module out does not shift
    the weights of the others: variants of one seed start from the same weights wherever both have
    the parameter. The distributions are PyTorch's defaults, as in the published code.

    Of a module of the user's own the layers are drawn in the same way. What its constructor has
    set is kept, and `reset_parameters` of its classes is called after those of the parts.
    """
    kept = draw_own(model, lambda path: seed_torch(_stream(seed, path)))
    modules = [
        (path, module)
        for path, module in model.named_modules()
        if hasattr(module, "reset_parameters") and module not in kept
    ]
    # Inner modules first: an outer one may adjust what the inner ones drew (timm's do).
    for path, module in reversed(modules):
        seed_torch(_stream(seed, path))
        module.reset_parameters()


def _stream(seed: int, path: str) -> int:
    digest = hashlib.sha256(f"{seed}/{path}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
