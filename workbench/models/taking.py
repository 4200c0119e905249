"""A network that takes over trained weights: all whose path and shape it has.

What it has beyond them starts as usual, from the seed and the path of the module; what it does not
have is left out.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from workbench.config.evidence import TakenWeights
from workbench.config.network import Network
from workbench.models.factory import build_model

_LEAST_SHARE = 0.5
"""A network that takes a smaller share of its parameters is another one."""


def take_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load into a network whatever fits of trained weights.

    Args:
        network: With its initial weights.
        weights: Under our names, on any device.
    """
    own: dict[str, Any] = network.state_dict()
    network.load_state_dict(own | {name: weights[name] for name in _fitting(own, weights)})


def taken_weights(config: Network, weights: Mapping[str, Tensor]) -> TakenWeights:
    """Return what `take_weights` takes, without building anything of its size."""
    with torch.device("meta"):
        own: dict[str, Tensor] = build_model(config).state_dict()
    fitting = _fitting(own, weights)
    return TakenWeights(
        taken=_count(own, fitting),
        new=_count(own, own.keys() - fitting),
        left_out=_count(weights, weights.keys() - fitting),
        new_modules=_modules(own, own.keys() - fitting),
        left_out_modules=_modules(weights, weights.keys() - fitting),
    )


def is_another_network(taken: TakenWeights) -> bool:
    """Tell whether too little fits to call a network a change of the one with these weights."""
    return taken.taken < _LEAST_SHARE * (taken.taken + taken.new)


def _fitting(own: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> set[str]:
    return {n for n, t in own.items() if n in weights and weights[n].shape == t.shape}


def _count(state: Mapping[str, Tensor], names: Iterable[str]) -> int:
    return sum(state[name].numel() for name in names)


def _modules(state: Mapping[str, Tensor], names: Iterable[str]) -> tuple[str, ...]:
    """Return the largest modules that hold nothing but these tensors, `*` for all blocks alike."""
    chosen = set(names)
    found: dict[str, None] = {}
    for name in state:
        if name in chosen:
            parts = name.split(".")
            paths = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
            found[next(path for path in paths if _only(state, path, chosen.__contains__))] = None
    return tuple(dict.fromkeys(map(_any_block, found)))


def _only(state: Mapping[str, Tensor], path: str, is_chosen: Callable[[str], bool]) -> bool:
    """Tell whether all tensors at or below a path are chosen."""
    return all(is_chosen(name) for name in state if f"{name}.".startswith(f"{path}."))


def _any_block(path: str) -> str:
    first, *rest = path.split(".")
    return ".".join([first, "*", *rest[1:]]) if first == "blocks" and len(rest) > 1 else path
