"""The losses of the recipes."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from workbench.config.training import Loss


def _charbonnier(output: Tensor, target: Tensor) -> Tensor:
    return ((output - target).square() + 1e-12).sqrt().mean()


LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": functional.l1_loss,
    "charbonnier": _charbonnier,
    "l2": functional.mse_loss,
}
"""Mean over all values of output and target, both (N, 3, H, W), RGB in 0..1."""
