"""What each part of a network costs; the parts do not overlap and add up to the whole."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import nn

from workbench.models.network import MDRN
from workbench.models.own_module import OwnNetwork


@dataclass(frozen=True)
class PartCost:
    """What one part costs, summed over the blocks. Parts do not overlap and add up to the whole."""

    part: str
    parameters: int
    multiply_adds: int
    activations: int


EMPTY = PartCost("the whole", 0, 0, 0)


def cost_of_parts(
    model: nn.Module, operations: dict[str, int], activations: Counter[str]
) -> tuple[PartCost, ...]:
    """Sum parameters, multiply-adds and activations over the blocks, part by part.

    Args:
        model: A network; of one of our own the parts have the names of the source.
        operations: Twice the multiply-adds by path of the module.
        activations: Outputs of convolutions by path of the module.
    """
    if isinstance(model, OwnNetwork):
        return _own_parts(model, operations, activations)
    return _parts(model, _part_paths(model), operations, activations)


def _parts(
    model: nn.Module,
    paths: Iterable[tuple[str, str]],
    operations: dict[str, int],
    activations: Counter[str],
) -> tuple[PartCost, ...]:
    totals: dict[str, list[int]] = {}
    for path, part in paths:
        module = model.get_submodule(path)
        row = totals.setdefault(part, [0, 0, 0])
        row[0] += sum(p.numel() for p in module.parameters())
        row[1] += operations.get(path, 0) // 2
        row[2] += activations[path]
    return tuple(PartCost(part, *row) for part, row in totals.items() if any(row))


def _own_parts(
    model: OwnNetwork, operations: dict[str, int], activations: Counter[str]
) -> tuple[PartCost, ...]:
    """Return the parts by the names that the user's class gives them, and what is in none."""
    (whole,) = _parts(model, [("module", "the whole")], operations, activations) or (EMPTY,)
    children = [(f"module.{path}", path) for path, _ in _part_paths(model.module)]
    parts = _parts(model, children, operations, activations)
    rest = PartCost(
        "rest",
        whole.parameters - sum(part.parameters for part in parts),
        whole.multiply_adds - sum(part.multiply_adds for part in parts),
        whole.activations - sum(part.activations for part in parts),
    )
    amounts = (rest.parameters, rest.multiply_adds, rest.activations)
    if min(amounts) < 0:  # parts share weights, or run each other
        return (whole,)
    return (*parts, rest) if any(amounts) else parts


_TRUNK_PARTS = {
    "shallow": "shallow",
    "fusion": "trunk fusion",
    "smooth": "trunk convolution",
    "upsampler": "upsampler",
}
_BLOCK_PARTS = {
    "distill": "distillation",
    "residual": "steps",
    "last": "last convolution",
    "fusion": "block fusion",
}
"""The attentions go by their own names: MDSA, ECCA, ..."""


def _part_paths(model: nn.Module) -> list[tuple[str, str]]:
    """Return (path, part) of modules that partition the network and are called themselves."""
    paths = []
    for path, module in _direct_parts(model):
        label = _label(path, module) if isinstance(model, MDRN) else path
        if isinstance(module, nn.ModuleList | nn.ModuleDict):  # only its members are called
            paths += [(f"{path}.{name}", label) for name, _ in module.named_children()]
        else:
            paths.append((path, label))
    return paths


def _label(path: str, module: nn.Module) -> str:
    """Return what a part of our own network is called."""
    labels = _BLOCK_PARTS if path.startswith("blocks.") else _TRUNK_PARTS
    return labels.get(path.rpartition(".")[2], type(module).__name__)


def _direct_parts(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the trunk's children and, in place of the list of blocks, each block's children."""
    for name, module in model.named_children():
        if name != "blocks" or not isinstance(model, MDRN):
            yield name, module
            continue
        for index, block in module.named_children():
            for part, child in block.named_children():
                yield f"blocks.{index}.{part}", child
