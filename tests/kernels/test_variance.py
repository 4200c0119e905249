"""L-var against the eager operation in float64."""

import pytest
import torch
from torch import Tensor

from tests.builders.kernels import Compute, Maps, check, draw
from workbench.config.attention import pool_padding
from workbench.kernels.eager import EAGER
from workbench.kernels.fused import FUSED
from workbench.kernels.operations import Operations


def local_variance(level: int) -> Compute:
    def compute(operations: Operations, maps: Maps) -> Tensor:
        x = maps[0]
        assert x is not None
        return operations.local_variance(x, level, pool_padding(level))

    return compute


CASES = [
    (3, (1, 1, 2, 2)),
    (3, (1, 1, 3, 2)),
    (3, (2, 1, 7, 5)),
    (5, (1, 2, 5, 13)),
    (7, (1, 1, 5, 5)),
    (7, (1, 1, 17, 14)),  # several programs
    (13, (1, 1, 11, 7)),
    (15, (1, 1, 7, 9)),
]


@pytest.mark.parametrize(("level", "shape"), CASES)
def test_values_and_gradients_are_those_of_the_eager_operation(
    level: int, shape: tuple[int, int, int, int], device: torch.device
) -> None:
    check(local_variance(level), draw(shape), device, torch.float32)


def test_a_map_far_from_zero_loses_no_digits(device: torch.device) -> None:
    (x,) = draw((1, 1, 9, 8))
    assert x is not None
    far = (x + 1000).to(device)
    expected = EAGER.local_variance(far.cpu().double(), 7, 1)
    assert torch.allclose(FUSED.local_variance(far, 7, 1).cpu().double(), expected, rtol=1e-5)


def test_half_precision_has_statistics_in_float32(device: torch.device) -> None:
    x = torch.randn(1, 1, 6, 5).to(device, torch.bfloat16).requires_grad_()
    out = FUSED.local_variance(x, 3, 1)
    assert out.dtype == torch.float32
    exact = x.detach().cpu().double().requires_grad_()
    expected = EAGER.local_variance(exact, 3, 1)
    assert torch.allclose(out.cpu().double(), expected, rtol=1e-5)
    out.sum().backward()
    expected.sum().backward()
    assert x.grad is not None
    assert exact.grad is not None
    assert x.grad.dtype == torch.bfloat16
    assert torch.allclose(x.grad.cpu().double(), exact.grad, rtol=1e-2, atol=1e-2)


def test_a_level_above_fifteen_is_computed_by_the_eager_operation(device: torch.device) -> None:
    check(local_variance(17), draw((1, 1, 17, 17)), device, torch.float32)


@pytest.mark.gpu
def test_maps_of_a_training_step() -> None:
    check(local_variance(7), draw((16, 7, 48, 48)), torch.device("cuda"), torch.float32)
