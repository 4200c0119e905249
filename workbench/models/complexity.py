"""What a network costs, counted on the meta device: no computation, no memory, under a second.

Multiply-adds are half of what PyTorch's counter reports, which counts a multiply-add as two
operations. Counters that follow `padding="same"` badly lose 10 % of MDRN and are not used.

The figure of the NTIRE challenge's counter is computed beside it (`challenge_counter.py`), and the
cost of each part of the network (`part_costs.py`).
"""

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from workbench.config.module import ModuleConfig
from workbench.config.network import Network
from workbench.errors import ForeignCodeError
from workbench.models.challenge_counter import ChallengeExtras, has_pointwise_as_linear
from workbench.models.factory import build_model
from workbench.models.foreign import foreign_code
from workbench.models.module_path import ModulePath
from workbench.models.network import MDRN
from workbench.models.outputs import device_of
from workbench.models.own_code import own_code
from workbench.models.own_module import OwnNetwork
from workbench.models.part_costs import PartCost, cost_of_parts
from workbench.results import Cost
from workbench.system.global_state import import_effects_undone

DEFAULT_LR_PX = 256
"""The challenge counts at 256 x 256 LR px."""


@dataclass(frozen=True)
class Complexity:
    """The cost of a network and of its parts."""

    cost: Cost
    parts: tuple[PartCost, ...]


def count(
    config: Network, lr_height_px: int = DEFAULT_LR_PX, lr_width_px: int = DEFAULT_LR_PX
) -> Complexity:
    """Count one forward pass of one image through the network of a config.

    Raises:
        InputSizeError: If the size is below the network's smallest input.
        ForeignCodeError: If a module of the user's own cannot be built or run.
    """
    if isinstance(config, ModuleConfig) or any(config.own_modules()):
        return _count_own(build_model(config), lr_height_px, lr_width_px)
    with torch.device("meta"):
        model = build_model(config)
    return count_module(
        model, lr_height_px, lr_width_px, pointwise_as_linear=has_pointwise_as_linear(model)
    )


def cost_of(config: Network) -> Cost:
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
    if isinstance(model, OwnNetwork):
        return _count_own(model, lr_height_px, lr_width_px)
    if isinstance(model, MDRN):
        return count(model.config, lr_height_px, lr_width_px)
    name = str(getattr(model, "name", type(model).__name__))
    with foreign_code(name, "copied to the meta device"):
        copied = copy.deepcopy(model).to("meta")
    with foreign_code(name, "counted on the meta device"):
        return count_module(copied, lr_height_px, lr_width_px)


def _count_own(model: MDRN | OwnNetwork, lr_height_px: int, lr_width_px: int) -> Complexity:
    """Count a network with modules of one's own, by values if it needs them, as `item` does."""
    linear = isinstance(model, MDRN) and has_pointwise_as_linear(model)
    with own_code(model.config, "copied to the meta device"):
        copied = copy.deepcopy(model).to("meta")
    try:
        with own_code(model.config, "counted on the meta device"):
            return count_module(copied, lr_height_px, lr_width_px, pointwise_as_linear=linear)
    except ForeignCodeError:
        with own_code(model.config, f"run on an input of {lr_height_px} x {lr_width_px} px"):
            return count_module(model, lr_height_px, lr_width_px, pointwise_as_linear=linear)


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
    path, challenge = ModulePath(model), ChallengeExtras()
    convolutions, counter = _ConvolutionOutputs(path), FlopCounterMode(display=False)
    counter.mod_tracker = path
    hooks = challenge.watch(model.eval(), pointwise_as_linear=pointwise_as_linear)
    try:
        with torch.no_grad(), counter, convolutions:
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
    return Complexity(cost, cost_of_parts(model, operations, convolutions.values))


class _ConvolutionOutputs(TorchDispatchMode):
    """Counts convolutions and the values they put out, for each module they run in."""

    def __init__(self, path: ModulePath) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path
        self.calls = 0
        self.values: Counter[str] = Counter()

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
            for name in self._path.parents:
                _, _, path = name.partition(".")
                if path:
                    self.values[path] += out.numel()
        return out
