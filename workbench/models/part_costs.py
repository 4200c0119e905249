"""What each part of a network costs; the parts do not overlap and add up to the whole."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from workbench.models.network import MDRN


@dataclass(frozen=True)
class PartCost:
    """What one part costs, summed over the blocks. Parts do not overlap and add up to the whole."""

    part: str
    parameters: int
    multiply_adds: int
    activations: int


def cost_of_parts(
    model: nn.Module, operations: dict[str, int], activations: Counter[str]
) -> tuple[PartCost, ...]:
    """Sum parameters, multiply-adds and activations over the blocks, part by part.

    Args:
        model: A network; of one of our own the parts have the names of the source.
        operations: Twice the multiply-adds by path of the module.
        activations: Outputs of convolutions by path of the module.
    """
    totals: dict[str, list[int]] = {}
    for path, part in _part_paths(model):
        module = model.get_submodule(path)
        row = totals.setdefault(part, [0, 0, 0])
        row[0] += sum(p.numel() for p in module.parameters())
        row[1] += operations.get(path, 0) // 2
        row[2] += activations[path]
    return tuple(PartCost(part, *row) for part, row in totals.items() if any(row))


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
        if isinstance(module, nn.ModuleList):  # a list is never called, only its members are
            paths += [(f"{path}.{index}", label) for index in range(len(module))]
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
