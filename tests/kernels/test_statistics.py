"""CCA's statistic against the eager operation in float64."""

import pytest
import torch
from torch import Tensor

from tests.builders.kernels import Maps, check, draw
from workbench.kernels.eager import EAGER
from workbench.kernels.fused import FUSED
from workbench.kernels.operations import Operations


def contrast_and_mean(operations: Operations, maps: Maps) -> Tensor:
    x = maps[0]
    assert x is not None
    return operations.contrast_and_mean(x)


@pytest.mark.parametrize("shape", [(1, 1, 1, 2), (2, 3, 5, 7), (1, 1, 37, 29), (1, 1, 67, 71)])
def test_values_and_gradients_are_those_of_the_eager_operation(
    shape: tuple[int, int, int, int], device: torch.device
) -> None:
    check(contrast_and_mean, draw(shape), device, torch.float32)


def test_a_large_plane_is_divided_into_parts(device: torch.device) -> None:
    check(contrast_and_mean, draw((1, 2, 131, 139)), device, torch.float32)


@pytest.mark.parametrize(
    ("planes", "size", "expected"),
    [(1792, 9216, 1), (28, 173_400, 19), (1, 8192, 1), (1, 8193, 2), (528, 10**6, 1)],
)
def test_parts_cover_a_plane(planes: int, size: int, expected: int) -> None:
    from workbench.kernels.statistics import _parts

    parts, length = _parts(planes, size)
    assert parts == expected
    assert (parts - 1) * length < size <= parts * length


@pytest.mark.parametrize("value", [0.0, 0.1, -3e4])
def test_a_flat_map_has_no_deviation_and_the_gradient_of_the_mean(
    value: float, device: torch.device
) -> None:
    x = torch.full((1, 1, 127, 67), value, device=device, requires_grad=True)
    out = FUSED.contrast_and_mean(x)
    assert torch.equal(out, torch.full_like(out, value))
    out.sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, torch.full_like(x, 1 / x.numel()))


def test_a_map_far_from_zero_loses_no_digits(device: torch.device) -> None:
    (x,) = draw((1, 1, 67, 71))
    assert x is not None
    far = (x + 1000).to(device)
    deviation = FUSED.contrast_and_mean(far).cpu().double() - far.cpu().double().mean()
    expected = EAGER.contrast_and_mean(far.cpu().double()) - far.cpu().double().mean()
    assert torch.allclose(deviation, expected, rtol=2e-4)  # a thousand's last digit is 6e-5


def test_half_precision_has_statistics_in_float32(device: torch.device) -> None:
    x = torch.randn(1, 2, 8, 7).to(device, torch.bfloat16).requires_grad_()
    out = FUSED.contrast_and_mean(x)
    assert out.dtype == torch.float32
    expected = EAGER.contrast_and_mean(x.detach().cpu().double())
    assert torch.allclose(out.cpu().double(), expected, rtol=1e-6, atol=1e-6)
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == torch.bfloat16


@pytest.mark.gpu
def test_maps_of_a_training_step() -> None:
    check(contrast_and_mean, draw((16, 28, 96, 96)), torch.device("cuda"), torch.float32)
