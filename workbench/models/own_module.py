"""Modules of one's own, built: a whole network, or what stands in a slot of ours."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workbench.config.module import ModuleConfig, OwnModule
from workbench.errors import ForeignCodeError, InputSizeError
from workbench.models.foreign import foreign_code
from workbench.models.source_import import own_class


class OwnNetwork(nn.Module):
    """A network of one's own behind the contract of ours.

    Raises:
        InputSizeError: In `forward`, for an input below `config.min_lr_px`.
        ForeignCodeError: If it cannot be imported or built.
    """

    def __init__(self, config: ModuleConfig) -> None:
        super().__init__()
        self.config = config
        self.scale: int = config.scale
        self.smallest_lr_px = config.min_lr_px
        self.module = build_own(config)

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, scale * h, scale * w), RGB in 0..1, not clamped."""
        height, width = lr.shape[2], lr.shape[3]
        if min(height, width) < self.smallest_lr_px:
            raise InputSizeError(
                f"the input is {width} x {height} px; {self.config.path} needs at least "
                f"{self.smallest_lr_px} x {self.smallest_lr_px} LR px"
            )
        in_range = self.config.input_range
        # Nothing is computed that changes no value.
        out: Tensor = self.module(lr if in_range == 1 else lr * in_range)
        return out if in_range == 1 else out / in_range


@dataclass(frozen=True)
class _Made:
    """How a module of one's own was made."""

    own: OwnModule
    channels: int | None
    """Of the slot; None for a whole network."""


_MADE: weakref.WeakKeyDictionary[nn.Module, _Made] = weakref.WeakKeyDictionary()


def build_own(own: OwnModule, channels: int | None = None) -> nn.Module:
    """Build a module of one's own.

    Args:
        own: Its class and arguments.
        channels: Of the slot that it fills, which the constructor gets first; None for a network.

    Raises:
        ForeignCodeError: If it cannot be imported or built, or is no `torch.nn.Module`.
    """
    made, arguments = own_class(own), own.arguments.keywords()
    slot = () if channels is None else (channels,)
    # Settings of PyTorch are not put back here: other lanes may change them meanwhile.
    with foreign_code(own.path, f"built with {arguments}"):
        module = made(*slot, **arguments)
    if not isinstance(module, nn.Module):
        raise ForeignCodeError(
            f"{own.path} must give a torch.nn.Module, got {type(module).__name__}"
        )
    _MADE[module] = _Made(own, channels)
    return module


def slots_of_own(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the paths and modules of one's own that stand in slots of a network just built."""
    for _, module in network.named_modules():
        made = _MADE.get(module)
        if made is not None and made.channels is not None:
            yield made.own.path, module


def draw_own(model: nn.Module, seed_stream: Callable[[str], None]) -> set[nn.Module]:
    """Build the modules of one's own in a network again, each under a stream of its own.

    Args:
        model: A network that was just built; the modules in it are replaced.
        seed_stream: Seeds PyTorch for a path.

    Returns:
        Layers whose weights the constructors set after drawing them, which are theirs to keep.
    """
    kept = set[nn.Module]()
    for path, parent in list(model.named_modules()):
        for name, child in list(parent.named_children()):
            made = _MADE.get(child)
            if made is None:
                continue
            seed_stream(f"{path}.{name}" if path else name)
            with _draws_watched() as drawn:
                module = build_own(made.own, made.channels)
            setattr(parent, name, module)
            kept |= _set_by_constructor(module, drawn)
    return kept


_Drawn = dict[nn.Module, dict[str, Tensor]]
"""Parameters of a layer as `reset_parameters` left them."""


def _set_by_constructor(module: nn.Module, drawn: _Drawn) -> set[nn.Module]:
    """Return the layers whose parameters are not those that they drew.

    A module with a `reset_parameters` of its own sets those of its parts there, so they are drawn.
    """
    resetting = [(path, m) for path, m in module.named_modules() if hasattr(m, "reset_parameters")]
    paths = [path for path, _ in resetting]
    return {
        layer
        for path, layer in resetting
        if layer in drawn
        and not any(outer != path and _inside(path, outer) for outer in paths)
        and not _same(dict(layer.named_parameters(recurse=False)), drawn[layer])
    }


def _inside(path: str, outer: str) -> bool:
    return not outer or path.startswith(f"{outer}.")


def _same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


@contextmanager
def _draws_watched() -> Iterator[_Drawn]:
    """Note what `reset_parameters` of any layer draws inside the block."""
    drawn: _Drawn = {}
    before = {
        kind: kind.__dict__["reset_parameters"]
        for kind in _subclasses(nn.Module)
        if "reset_parameters" in kind.__dict__
    }

    def watching(original: Callable[..., None]) -> Callable[..., None]:
        def reset_parameters(self: nn.Module, *args: object, **kwargs: object) -> None:
            original(self, *args, **kwargs)
            own = self.named_parameters(recurse=False)
            drawn[self] = {name: value.detach().clone() for name, value in own}

        return reset_parameters

    try:
        for kind, original in before.items():
            setattr(kind, "reset_parameters", watching(original))  # noqa: B010 (mypy)
        yield drawn
    finally:
        for kind, original in before.items():
            setattr(kind, "reset_parameters", original)  # noqa: B010 (mypy)


def _subclasses(kind: type[nn.Module]) -> Iterator[type[nn.Module]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from _subclasses(inner)
