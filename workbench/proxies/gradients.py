"""Proxies from gradients by the weights: of the training loss, and of a flow through all paths."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workbench.errors import WorkbenchError

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class LossGradient:
    """What the first training step of a network sees."""

    loss: float
    norm: float
    """Euclidean norm of the gradient over all weights (Abdelfattah et al. 2021, arXiv 2101.08134,
    who sum the norms of layers)."""
    snip: float
    """Sum over all weights of |w dL/dw| (SNIP: Lee et al. 2019, arXiv 1810.02340)."""


def loss_gradient(model: nn.Module, lr: Tensor, hr: Tensor, loss: Loss) -> LossGradient:
    """Return loss, gradient norm and SNIP on one batch.

    Args:
        model: (N, 3, h, w) to (N, 3, H, W), in the mode of training; its weights stay as they are.
        lr: (N, 3, h, w), float32 in 0..1.
        hr: (N, 3, H, W), likewise.
        loss: Of output and target.

    Raises:
        WorkbenchError: If no gradient reaches the weights.
    """
    value = loss(model(lr), hr)
    squares = products = 0.0
    for weight, gradient in _gradients(value, model):
        squares += float(gradient.square().sum())
        products += float((weight * gradient).abs().sum())
    return LossGradient(float(value.detach()), squares**0.5, products)


def synaptic_flow(model: nn.Module, lr_px: int) -> float:
    """Return SynFlow (Tanaka et al. 2020, arXiv 2006.05467), the sum of |w dR/dw| over all weights.

    R is the sum of the outputs for an input of ones, all weights replaced by their absolute values.
    In float64, as the products of many layers leave the range of float32.

    Args:
        model: A network in float32. It is changed to float64 and absolute weights, so pass a copy.
        lr_px: Height and width of the input.

    Raises:
        WorkbenchError: If no gradient reaches the weights.
    """
    model.eval().double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.abs_()
    flow = model(torch.ones(1, 3, lr_px, lr_px, dtype=torch.float64)).sum()
    return sum(
        float((weight * gradient).abs().sum()) for weight, gradient in _gradients(flow, model)
    )


def _gradients(value: Tensor, model: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """Return the weights that have a gradient, and their gradients, in float64.

    Raises:
        WorkbenchError: If there is none, or all are 0.
    """
    weights = [one for one in model.parameters() if one.requires_grad]
    found: list[tuple[Tensor, Tensor]] = []
    if weights and value.requires_grad:
        gradients = torch.autograd.grad(value, weights, allow_unused=True)
        found = [
            (weight.detach().double(), gradient.double())
            for weight, gradient in zip(weights, gradients, strict=True)
            if gradient is not None
        ]
    if not any(bool(gradient.any()) for _, gradient in found):
        raise WorkbenchError("no gradient reaches the weights")
    return found
