"""What a network costs, counted on the meta device: no computation, no memory, under a second.

Multiply-adds are half of what PyTorch's counter reports, which counts a multiply-add as two
operations. Counters that follow `padding="same"` badly lose 10 % of MDRN and are not used.

The NTIRE challenge's own counter is imitated beside it, because published tables hold its figures.
It adds one for each ReLU-family output, knows no matrix product outside `nn.Linear`, and counts
those by a rule that is wrong for anything but vectors. XPixel's BSRN writes its 1x1 convolutions as
`nn.Linear`, so its figure there is a fifth of the truth.
"""

import copy
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
from workbench.errors import CheckpointError
from workbench.models.factory import build_model
from workbench.models.foreign import foreign_code
from workbench.models.network import MDRN
from workbench.models.outputs import device_of
from workbench.models.published.table import family_of
from workbench.results import Cost
from workbench.system.global_state import import_effects_undone

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
    """Count one forward pass of one image through a network of the family.

    Raises:
        InputSizeError: If the size is below the network's smallest input.
    """
    with torch.device("meta"):
        model = build_model(config)
    return count_module(
        model, lr_height_px, lr_width_px, pointwise_as_linear=_pointwise_as_linear(model)
    )


def cost_of(config: ModelConfig) -> Cost:
    """Return the cost by which networks are compared: at 256 x 256 LR px.

    A network whose smallest input is larger is counted at that input.
    """
    lr_px = max(DEFAULT_LR_PX, config.smallest_lr_px())
    return count(config, lr_px, lr_px).cost


def count_network(
    model: nn.Module, lr_height_px: int = DEFAULT_LR_PX, lr_width_px: int = DEFAULT_LR_PX
) -> Complexity:
    """Count a network that exists, on the meta device.

    Raises:
        InputSizeError: If the size is below the smallest input of a network of the family.
        ForeignCodeError: If foreign code cannot run on the meta device.
    """
    if isinstance(model, MDRN):
        return count(model.config, lr_height_px, lr_width_px)
    name = str(getattr(model, "name", type(model).__name__))
    with foreign_code(name, "copied to the meta device"):
        copied = copy.deepcopy(model).to("meta")
    return count_module(copied, lr_height_px, lr_width_px)


@import_effects_undone()
def count_module(
    model: nn.Module,
    lr_height_px: int = DEFAULT_LR_PX,
    lr_width_px: int = DEFAULT_LR_PX,
    *,
    pointwise_as_linear: bool = False,
) -> Complexity:
    """Count one forward pass of one image through any network.

    Args:
        model: (1, 3, h, w) to (1, 3, H, W), on any device; put into evaluation mode.
        lr_height_px: h.
        lr_width_px: w.
        pointwise_as_linear: For the challenge's figure alone: the published code has `nn.Linear`
            in place of 1x1 convolutions.
    """
    device = device_of(model)
    image = torch.zeros(1, 3, lr_height_px, lr_width_px, device=device)
    convolutions, challenge = _ConvolutionOutputs(type(model).__name__), _ChallengeExtras()
    hooks = challenge.watch(model.eval(), pointwise_as_linear=pointwise_as_linear)
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter, convolutions:
            model(image)
    finally:
        for hook in hooks:
            hook.remove()
    flops = counter.get_flop_counts()
    root = type(model).__name__
    operations = {
        path.removeprefix(root).lstrip("."): sum(by_operation.values())
        for path, by_operation in flops.items()
    }
    in_convolutions = flops.get("Global", {}).get(torch.ops.aten.convolution, 0) // 2
    cost = Cost(
        lr_height_px=lr_height_px,
        lr_width_px=lr_width_px,
        parameters=sum(p.numel() for p in model.parameters()),
        multiply_adds=operations.get("Global", 0) // 2,
        challenge_flops=in_convolutions + challenge.flops,
        activations=convolutions.values[""],
        convolutions=convolutions.calls,
    )
    return Complexity(cost, _parts(model, operations, convolutions.values))


def _pointwise_as_linear(model: MDRN) -> bool:
    """Tell whether the published code of this very network has `nn.Linear` for 1x1."""
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        return family_of(model.config, shapes).pointwise_as_matrices
    except CheckpointError:
        return False


class _ChallengeExtras:
    """What the challenge's counter adds to the multiply-adds of the convolutions."""

    def __init__(self) -> None:
        self.flops = 0

    def watch(self, model: nn.Module, *, pointwise_as_linear: bool) -> list[Any]:
        """Hook every module that the counter treats in its own way; return the hooks."""
        hooks = []
        for module in model.modules():
            if isinstance(module, RELU_FAMILY):
                hooks.append(module.register_forward_hook(self._relu))
            elif isinstance(module, nn.Linear):
                hooks.append(module.register_forward_hook(self._linear))
            elif pointwise_as_linear and _is_pointwise(module):
                hooks.append(module.register_forward_hook(self._pointwise))
        return hooks

    def _relu(self, _module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.flops += output.numel()

    def _linear(self, _module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if inputs and inputs[0].ndim > 1:  # others than matrices are nothing to that counter
            self.flops += inputs[0].shape[0] * inputs[0].shape[1] * output.shape[1]

    def _pointwise(self, _module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Count as `nn.Linear` on (N, H, W, C) in place of the true multiply-adds."""
        batch, _, height, _ = inputs[0].shape
        self.flops += batch * height * height - output.numel() * inputs[0].shape[1]


def _is_pointwise(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1


class _ConvolutionOutputs(TorchDispatchMode):
    """Counts convolutions and the values they put out, for each module they run in."""

    def __init__(self, root: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._root = root
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
            for path in self._tracker.parents - {"Global", self._root}:
                self.values[path.removeprefix(f"{self._root}.")] += out.numel()
        return out


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
