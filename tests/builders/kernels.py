"""A kernel beside the eager operation that it replaces."""

import importlib
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from workbench.kernels.eager import EAGER
from workbench.kernels.fused import FUSED
from workbench.kernels.operations import Operations

Maps = Sequence[Tensor | None]
Compute = Callable[[Operations, Maps], Tensor]

BOUNDS = {torch.float32: 3e-6, torch.float16: 2e-3, torch.bfloat16: 1.6e-2}
"""Largest error of a value or gradient, as a part of the largest one of its tensor."""


def load() -> None:
    """Import the kernels; Triton decides at import whether it compiles or interprets them."""
    for name in ("depthwise", "gate", "pointwise", "spread", "statistics", "variance"):
        importlib.import_module(f"workbench.kernels.{name}")


def draw(*shapes: Sequence[int] | None, seed: int = 1) -> list[Tensor | None]:
    """Return random maps of these shapes, in float32, with None for None."""
    generator = torch.Generator().manual_seed(seed)
    return [None if s is None else torch.randn(*s, generator=generator) for s in shapes]


def value_and_gradients(
    operations: Operations, compute: Compute, maps: Maps
) -> tuple[Tensor, list[Tensor]]:
    """Run forward and backward; every output has a gradient of its own, the same in each dtype.

    Returns:
        The output, and the gradients of the maps that there are.
    """
    leaves = [None if x is None else x.detach().requires_grad_() for x in maps]
    out = compute(operations, leaves)
    weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(7)).bfloat16()
    wanted = [x for x in leaves if x is not None]
    gradients = torch.autograd.grad(out, wanted, weights.to(out.device, out.dtype))
    return out.detach(), list(gradients)


def error(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference as a part of the largest expected value."""
    assert found.shape == expected.shape
    difference = (found.cpu().double() - expected).abs().max()
    return float(difference / expected.abs().max().clamp_min(1e-3))


def check(compute: Compute, maps: Maps, device: torch.device, dtype: torch.dtype) -> None:
    """Compare values and gradients of the kernels with the eager operations in float64.

    On CUDA a second run must give the bits of the first.
    """
    given = [None if x is None else x.to(device, dtype) for x in maps]
    exact = [None if x is None else x.cpu().double() for x in given]
    out, gradients = value_and_gradients(FUSED, compute, given)
    expected, expected_gradients = value_and_gradients(EAGER, compute, exact)
    assert error(out, expected) <= BOUNDS[dtype]
    for number, pair in enumerate(zip(gradients, expected_gradients, strict=True)):
        assert pair[0].dtype == dtype
        assert error(*pair) <= BOUNDS[dtype], f"gradient {number}"
    if device.type == "cpu":  # the interpreter runs one program after the other
        return
    again = value_and_gradients(FUSED, compute, given)
    assert torch.equal(out, again[0])
    assert all(torch.equal(a, b) for a, b in zip(gradients, again[1], strict=True))
