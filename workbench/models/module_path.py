"""Which modules of one network run at this moment."""

from functools import partial

from torch import nn
from torch.utils.hooks import RemovableHandle
from torch.utils.module_tracker import ModuleTracker


class ModulePath(ModuleTracker):
    """PyTorch's tracker of modules, for one network only.

    PyTorch's own hooks every module of the process, so it would also follow the networks that
    other threads train meanwhile, and slow them down.

    Args:
        model: The network; its modules are called as in PyTorch's tracker: by the name of the
            network's class and the path.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._model = model
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> "ModulePath":
        root = type(self._model).__name__
        for path, module in self._model.named_modules():
            name = f"{root}.{path}" if path else root
            self._handles += [
                module.register_forward_pre_hook(partial(self._entered, name)),
                module.register_forward_hook(partial(self._left, name)),
            ]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _entered(self, name: str, _module: nn.Module, _inputs: object) -> None:
        self.parents.add(name)

    def _left(self, name: str, _module: nn.Module, _inputs: object, _output: object) -> None:
        self.parents.discard(name)
