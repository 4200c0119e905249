"""Proxies from the gradient of the outputs by the input, between crops and around one pixel."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

_EPSILON = 1e-5
"""Added to each eigenvalue, as Mellor et al. do."""
_PIXELS = 1 << 14
"""LR px that are run together."""


def input_gradients(model: nn.Module, lr: Tensor) -> Tensor:
    """Return the gradient of the sum of each output by its own input.

    Args:
        model: (N, 3, h, w) to (N, 3, H, W); it is run in evaluation mode, in which no crop changes
            the output of another one.
        lr: (N, 3, h, w), float32 in 0..1.

    Returns:
        (N, 3 * h * w), float64.
    """
    model.eval()
    return torch.cat([_input_gradient(model, crops) for crops in lr.split(_at_once(lr))])


def correlations(gradients: Tensor) -> Tensor:
    """Return the correlation between the rows of (N, M), as (N, N).

    A row that is the same everywhere correlates with nothing, so its values are NaN: the map from
    that crop is linear and shifts all of it alike.
    """
    centred = gradients - gradients.mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    tiny = torch.finfo(torch.float32).eps * gradients.norm(dim=1, keepdim=True)
    rows = centred / torch.where(norms > tiny, norms, torch.nan)
    return rows @ rows.T


def jacobian_covariance(correlation: Tensor) -> float:
    """Return the score of Mellor et al. (2020, arXiv 2006.04647v1): -sum(log(v + k) + 1 / (v + k)).

    v are the eigenvalues of the correlations and k is 1e-5. It is highest, about -N, where no two
    crops correlate.

    Args:
        correlation: (N, N), from `correlations`.
    """
    values = _eigenvalues(correlation) + _EPSILON
    return -float((values.log() + 1 / values).sum())


def pixel_jacobian(model: nn.Module, lr: Tensor, scale: int) -> Tensor:
    """Return the Jacobian of what a network makes of one pixel, the middle one of a crop.

    Args:
        model: (N, 3, h, w) to (N, 3, scale * h, scale * w); it is run in evaluation mode.
        lr: (1, 3, h, w), float32 in 0..1.
        scale: HR px per LR px.

    Returns:
        (3 * scale^2, 3 * h * w), float64: a row for each value of the scale x scale HR px.
    """
    height, width = lr.shape[-2:]
    top, left = scale * (height // 2), scale * (width // 2)
    model.eval()

    def rows(numbers: Tensor) -> Tensor:
        """Return some rows: one output each of as many copies, by one backward pass."""
        copies = lr.expand(len(numbers), -1, -1, -1)

        def one_of_each(outputs: Tensor) -> Tensor:
            made = outputs[:, :, top : top + scale, left : left + scale].flatten(1)
            return made.gather(1, numbers[:, None])

        return _input_gradient(model, copies, one_of_each)

    return torch.cat([rows(some) for some in torch.arange(3 * scale**2).split(_at_once(lr))])


def effective_rank(matrix: Tensor) -> float:
    """Return the effective rank (Roy and Vetterli 2007).

    It is exp of the entropy of the singular values, each as a share of their sum: 1 where all rows
    are the same up to a factor; the number of rows where they are orthogonal and of one length.

    Args:
        matrix: (N, M), finite.
    """
    values = torch.linalg.svdvals(matrix)
    return float(torch.special.entr(values / values.sum()).sum().exp())


def _input_gradient(
    model: nn.Module, lr: Tensor, of: Callable[[Tensor], Tensor] = torch.flatten
) -> Tensor:
    """Return the gradient of the sum of what is taken of the outputs, (N, 3 * h * w), float64."""
    inputs = lr.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(of(model(inputs)).sum(), inputs)
    return gradient.flatten(1).double()


def _at_once(lr: Tensor) -> int:
    """Return how many crops of this size are run together, so that large ones fit in memory."""
    return max(1, _PIXELS // (lr.shape[-1] * lr.shape[-2]))


def _eigenvalues(correlation: Tensor) -> Tensor:
    """Return the eigenvalues of a symmetric matrix, NaN where one of its values is not finite."""
    if not bool(torch.isfinite(correlation).all()):
        return torch.full(correlation.shape[:1], torch.nan, dtype=correlation.dtype)
    values: Tensor = torch.linalg.eigvalsh(correlation)
    return values.clamp_min(0)
