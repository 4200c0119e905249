"""Which operations a network computes with: `EAGER`, until `use_operations` replaces them."""

from torch import nn

from workbench.kernels.eager import EAGER
from workbench.kernels.operations import Operations


class WithOperations(nn.Module):
    """A module that computes through `Operations`; they are no part of its state dict."""

    operations: Operations = EAGER


def has_operations(model: nn.Module) -> bool:
    """Return whether `use_operations` would change anything in a network."""
    return any(isinstance(module, WithOperations) for module in model.modules())


def use_operations(model: nn.Module, operations: Operations) -> None:
    """Let every module of a network compute with these operations; its weights stay as they are.

    Modules of foreign networks stay as they are, too.
    """
    for module in model.modules():
        if isinstance(module, WithOperations):
            module.operations = operations
