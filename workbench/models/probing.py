"""Tries a network with modules of one's own before it is trained: does it keep what trials rest on?

A trial is a function of its config and seed, a checkpoint holds all of its state, and weights are
averaged. A module that draws random numbers, hides state or has the wrong shape breaks that, which
is refused here in one line, before the first step.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from workbench.config.network import Network
from workbench.errors import ForeignCodeError
from workbench.models.complexity import cost_of
from workbench.models.factory import build_model
from workbench.models.foreign import foreign_code
from workbench.models.outputs import output_problem
from workbench.models.own_code import own_code, own_name
from workbench.models.own_module import slots_of_own
from workbench.system.global_state import random_streams_kept, seed_torch, torch_settings_kept
from workbench.system.text import counted

_SIDE_PX = 16
_SHOWN = 3


@cache
@random_streams_kept()
@torch_settings_kept()
def probe(config: Network) -> tuple[str, ...]:
    """Build and run a network with modules of one's own, and check what trials rest on.

    Returns:
        What the user should know, in a sentence each: parameters that get no gradient.

    Raises:
        ForeignCodeError: Naming the module and the first thing that does not fit.
    """
    name = own_name(config)
    network = build_model(config, seed=0)
    with torch.enable_grad(), own_code(config, "checked"):
        problem = _parts_problem(network)
        if problem:
            raise ForeignCodeError(f"{name}: {problem}")
        warnings = _Probe(name, network, config.smallest_lr_px()).run()
    cost_of(config)  # which a result holds
    return warnings


def _parts_problem(network: nn.Module) -> str:
    """Say what is wrong with the parameters, the buffers or the state dict; empty if nothing is."""
    parameters = dict(network.named_parameters())
    if not any(value.requires_grad for value in parameters.values()):
        return "it has no parameter that can be trained"
    for path, value in parameters.items():
        lazy: bool = is_lazy(value)  # through a variable, as it would narrow the type
        if lazy:
            return f"its parameter {_own(path)} has no shape before the first run; give it one"
        if value.dtype != torch.float32:
            return f"its parameter {_own(path)} must be float32, got {_kind(value)}"
    return _buffers_problem(network)


def _buffers_problem(network: nn.Module) -> str:
    for path, value in network.named_buffers():
        if value.is_complex() or value.layout is not torch.strided:
            kind = _kind(value)
            return f"its buffer {_own(path)} must be a dense tensor of real numbers, got {kind}"
    for path, held in network.state_dict().items():
        if not isinstance(held, Tensor):
            return f"{path} in its state dict must be a tensor, got {type(held).__name__}"
    return ""


def _kind(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


@dataclass(frozen=True)
class _Pass:
    """What a training step sees of a network."""

    out: Tensor
    gradients: dict[str, Tensor]
    buffers: dict[str, Tensor]

    def same(self, other: "_Pass") -> bool:
        """Tell whether two passes agree bit for bit, NaN with NaN."""
        pairs = [(self.out, other.out)]
        for one, two in ((self.gradients, other.gradients), (self.buffers, other.buffers)):
            if one.keys() != two.keys():
                return False
            pairs += [(one[name], two[name]) for name in one]
        return all(torch.equal(one.nan_to_num(), two.nan_to_num()) for one, two in pairs)


class _Probe:
    def __init__(self, name: str, network: nn.Module, smallest_lr_px: int) -> None:
        self._name, self._network, self._smallest = name, network, smallest_lr_px
        self._scale = int(getattr(network, "scale", 1))
        self._side = max(_SIDE_PX, smallest_lr_px)
        self._state = _copy_of(dict(network.named_buffers()))
        for path, module in slots_of_own(network):
            module.register_forward_hook(partial(_check_slot, path))

    def run(self) -> tuple[str, ...]:
        self._network.train()
        first = self._passed(seed=1)
        if not first.out.isfinite().all():
            raise self._error("it gives values that are infinite or not numbers")
        for path, gradient in first.gradients.items():
            if not gradient.isfinite().all():
                raise self._error(f"the gradient of {_own(path)} is infinite or not a number")
        self._check_repeats(first)
        self._check_buffers(first)
        self._check_copy(first)
        self._check_evaluation()
        return self._warnings(first)

    def _passed(self, seed: int, network: nn.Module | None = None) -> _Pass:
        """Run forward and backward from the state of the beginning."""
        used = network or self._network
        self._restore(used)
        lr = torch.rand(2, 3, self._side, self._side, generator=torch.Generator().manual_seed(3))
        seed_torch(seed)
        out = self._out(used, lr)
        with foreign_code(self._name, "differentiated"):
            (out.float() - 0.5).square().mean().backward()
        gradients = {
            path: value.grad.detach().clone()
            for path, value in used.named_parameters()
            if value.grad is not None
        }
        used.zero_grad(set_to_none=True)
        return _Pass(out.detach().clone(), gradients, _copy_of(dict(used.named_buffers())))

    def _out(self, network: nn.Module, lr: Tensor) -> Tensor:
        with foreign_code(self._name, f"run on an input of {tuple(lr.shape)}"):
            out: Tensor = network(lr)
        problem = output_problem(out, lr, self._scale)
        if problem:
            raise self._error(problem)
        return out

    def _restore(self, network: nn.Module) -> None:
        with torch.no_grad():
            for path, value in network.named_buffers():
                if path in self._state:
                    value.copy_(self._state[path])

    def _check_repeats(self, first: _Pass) -> None:
        if first.same(self._passed(seed=2)):
            return
        if first.same(self._passed(seed=1)):
            raise self._error(
                "it draws random numbers in forward, as dropout does, and these are no part of a "
                "checkpoint; leave it out"
            )
        raise self._error(
            "two passes from the same state differ, so it keeps something outside of its "
            "parameters and buffers, or is not deterministic"
        )

    def _check_buffers(self, first: _Pass) -> None:
        stored = self._network.state_dict().keys()
        if first.buffers.keys() != self._state.keys():
            raise self._error("it adds or removes buffers in forward, which a checkpoint loses")
        for path, value in first.buffers.items():
            if path not in stored and not torch.equal(value, self._state[path]):
                raise self._error(
                    f"it changes the buffer {_own(path)} in forward, which is not persistent, so a "
                    "checkpoint loses it"
                )

    def _check_copy(self, first: _Pass) -> None:
        self._restore(self._network)
        with foreign_code(self._name, "copied, as for the average of its weights"):
            copied = copy.deepcopy(self._network)
        with torch.no_grad():
            for value in copied.parameters():
                value.add_(1.0)
        if not first.same(self._passed(seed=1)):
            raise self._error("a copy of it shares its weights, so no average can be kept")
        if first.out.equal(self._passed(seed=1, network=copied).out):
            raise self._error("a copy of it does not use its own weights")

    def _check_evaluation(self) -> None:
        """Images have any size, and scoring changes nothing."""
        self._restore(self._network)
        self._network.eval()
        height, width = self._side + 1, self._side + 3
        lr = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(4))
        with torch.inference_mode():
            try:
                once, again = self._out(self._network, lr), self._out(self._network, lr)
            except ForeignCodeError as error:
                raise ForeignCodeError(
                    f"{error}; a network must take every height and width from min_lr_px "
                    f"({self._smallest}) on"
                ) from None
        if not once.equal(again):
            raise self._error("two passes in evaluation mode differ")
        for path, value in self._network.named_buffers():
            if not torch.equal(value, self._state[path]):
                raise self._error(f"it changes the buffer {_own(path)} in evaluation mode")

    def _warnings(self, first: _Pass) -> tuple[str, ...]:
        without = [
            _own(path)
            for path, value in self._network.named_parameters()
            if value.requires_grad and path not in first.gradients
        ]
        if not without:
            return ()
        shown = ", ".join(without[:_SHOWN]) + (", ..." if len(without) > _SHOWN else "")
        return (
            f"{self._name}: {counted(len(without), 'parameter')} get no gradient and keep their "
            f"initial values: {shown}",
        )

    def _error(self, problem: str) -> ForeignCodeError:
        return ForeignCodeError(f"{self._name}: {problem}")


def _check_slot(path: str, _module: nn.Module, given: tuple[Tensor, ...], out: object) -> None:
    """Refuse an output that only fits because PyTorch expands it where it is added."""
    wanted = tuple(given[0].shape)
    found = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
    if found != wanted:
        raise ForeignCodeError(f"{path}: an input of {wanted} must give {wanted}, got {found}")


def _own(path: str) -> str:
    """Return the user's own name of a tensor, without that of the wrapper of a network."""
    return path.removeprefix("module.")


def _copy_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors whose memory is their own."""
    return {name: value.detach().clone() for name, value in tensors.items()}
