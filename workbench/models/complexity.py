"""What a network costs, counted on the meta device: no computation, no memory, under a second.

Multiply-adds are half of what PyTorch's counter reports, which counts a multiply-add as two
operations. They agree with the NTIRE challenge's counter up to one per ReLU-family output, which
the challenge adds. (The challenge miscounts `nn.Linear`; the MDRN family has none outside timm's
attentions.) Counters that follow `padding="same"` badly lose 10 % of MDRN and are not used.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.module_tracker import ModuleTracker

from workbench.config.model import ModelConfig
from workbench.models.factory import build_model
from workbench.results import Cost

DEFAULT_LR_PX = 256
"""The challenge counts at 256 x 256 LR px."""

RELU_FAMILY = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ReLU6)


@dataclass(frozen=True)
class PartCost:
    """What one part costs, summed over the blocks. Parts do not overlap and add up to the whole."""

    part: str
    parameters: int
    multiply_adds: int
    activations: int


@dataclass(frozen=True)
class Complexity:
    """The cost of a network and of its parts."""

    cost: Cost
    parts: tuple[PartCost, ...]


def count(
    config: ModelConfig, lr_height_px: int = DEFAULT_LR_PX, lr_width_px: int = DEFAULT_LR_PX
) -> Complexity:
    """Count one forward pass of one image.

    Raises:
        InputSizeError: If the size is below the network's smallest input.
    """
    with torch.device("meta"):
        model = build_model(config).eval()
        image = torch.empty(1, 3, lr_height_px, lr_width_px)
    convolutions = _ConvolutionOutputs()
    relus = _relu_outputs(model)
    with torch.no_grad(), FlopCounterMode(display=False) as counter, convolutions:
        model(image)
    operations = {
        path.removeprefix("MDRN").lstrip("."): sum(by_operation.values())
        for path, by_operation in counter.get_flop_counts().items()
    }
    multiply_adds = operations["Global"] // 2
    cost = Cost(
        lr_height_px=lr_height_px,
        lr_width_px=lr_width_px,
        parameters=sum(p.numel() for p in model.parameters()),
        multiply_adds=multiply_adds,
        challenge_flops=multiply_adds + relus[0],
        activations=convolutions.values[""],
        convolutions=convolutions.calls,
    )
    return Complexity(cost, _parts(model, operations, convolutions.values))


class _ConvolutionOutputs(TorchDispatchMode):
    """Counts convolutions and the values they put out, for each module they run in."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls = 0
        self.values: Counter[str] = Counter()
        self._tracker = ModuleTracker()

    def __enter__(self) -> "_ConvolutionOutputs":
        self._tracker.__enter__()
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._tracker.__exit__(*error)

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            self.calls += 1
            self.values[""] += out.numel()
            for path in self._tracker.parents - {"Global", "MDRN"}:
                self.values[path.removeprefix("MDRN.")] += out.numel()
        return out


def _relu_outputs(model: nn.Module) -> list[int]:
    """Return a one-element list that a forward pass fills with the size of all ReLU outputs."""
    total = [0]

    def add(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        total[0] += output.numel()

    for module in model.modules():
        if isinstance(module, RELU_FAMILY):
            module.register_forward_hook(add)
    return total


def _parts(
    model: nn.Module, operations: dict[str, int], activations: Counter[str]
) -> tuple[PartCost, ...]:
    """Sum parameters, multiply-adds and activations over the blocks, part by part."""
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
    "smooth": "trunk BSConv",
    "upsampler": "upsampler",
}
_BLOCK_PARTS = {
    "distill": "distillation",
    "residual": "BSRB",
    "last": "last BSConv",
    "fusion": "block fusion",
}
"""The attentions go by their own names: MDSA, ECCA, ..."""


def _part_paths(model: nn.Module) -> list[tuple[str, str]]:
    """Return (path, part) of modules that partition the network and are called themselves."""
    paths = []
    for path, module in _direct_parts(model):
        name = path.rpartition(".")[2]
        labels = _BLOCK_PARTS if path.startswith("blocks.") else _TRUNK_PARTS
        label = labels.get(name, type(module).__name__)
        if isinstance(module, nn.ModuleList):  # a list is never called, only its members are
            paths += [(f"{path}.{index}", label) for index in range(len(module))]
        else:
            paths.append((path, label))
    return paths


def _direct_parts(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the trunk's children and, in place of the list of blocks, each block's children."""
    for name, module in model.named_children():
        if name != "blocks":
            yield name, module
            continue
        for index, block in module.named_children():
            for part, child in block.named_children():
                yield f"blocks.{index}.{part}", child
