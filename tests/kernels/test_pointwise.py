"""1x1 convolutions against the eager operation in float64."""

import importlib
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.builders.kernels import Maps, check, draw
from workbench.kernels.fused import FUSED
from workbench.kernels.operations import Operations
from workbench.training.device import float32_precision


def pointwise(operations: Operations, maps: Maps) -> Tensor:
    x, weight, bias = maps
    assert x is not None
    assert weight is not None
    return operations.pointwise(x, weight, bias)


@pytest.fixture(autouse=True)
def true_float32() -> Iterator[None]:
    with float32_precision("fp32"):
        yield


CHANNELS = 64

SHAPES = [
    # images, channels taken and given, height, width, bias
    (1, 1, 1, 1, 1, True),
    (2, 28, 28, 11, 13, True),
    (1, 56, 28, 7, 5, False),
    (3, 7, 28, 17, 9, True),
    (2, 5, 64, 3, 50, False),
    (1, 70, 3, 4, 5, True),
    (2, 3, 70, 9, 8, True),
    (1, 150, 90, 5, 7, True),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_are_those_of_the_eager_operation(
    shape: tuple[int, int, int, int, int, bool], dtype: torch.dtype, device: torch.device
) -> None:
    check(pointwise, drawn(shape), device, dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[-1]])
def test_maps_of_any_size_may_have_a_kernel_for_each_gradient(
    shape: tuple[int, int, int, int, int, bool],
    dtype: torch.dtype,
    device: torch.device,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.import_module("workbench.kernels.pointwise"), "JOINED_PX", 0)
    check(pointwise, drawn(shape), device, dtype)


def drawn(shape: tuple[int, int, int, int, int, bool]) -> list[Tensor | None]:
    images, taken, given, height, width, has_bias = shape
    return draw(
        (images, taken, height, width), (given, taken, 1, 1), (given,) if has_bias else None
    )


def test_tf32_is_for_maps_in_float32_too(device: torch.device) -> None:
    x, weight, bias = (
        t.to(device) for t in draw((2, 28, 5, 7), (14, 28, 1, 1), (14,)) if t is not None
    )
    exact = functional.conv2d(x.double(), weight.double(), bias.double())
    with float32_precision("tf32"):
        out = FUSED.pointwise(x, weight, bias)
    assert torch.allclose(out.double(), exact, rtol=1e-3, atol=1e-2)


@pytest.fixture
def parameters(device: torch.device) -> tuple[Tensor, Tensor]:
    weight, bias = draw((6, CHANNELS, 1, 1), (6,))
    assert weight is not None
    assert bias is not None
    return weight.to(device).requires_grad_(), bias.to(device).requires_grad_()


@pytest.mark.parametrize("frozen", [0, 1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_needs_no_gradient_gets_none(
    parameters: tuple[Tensor, Tensor], frozen: int, dtype: torch.dtype
) -> None:
    weight, bias = parameters
    x = torch.ones(2, CHANNELS, 3, 4, device=weight.device, dtype=dtype, requires_grad=True)
    leaves = [x, weight, bias]
    leaves[frozen].requires_grad_(False)
    out = FUSED.pointwise(x, weight, bias)
    out.float().sum().backward()
    assert out.dtype == dtype
    for number, leaf in enumerate(leaves):
        assert (leaf.grad is None) == (number == frozen)
    if frozen != 2:
        assert bias.grad is not None
        assert torch.allclose(bias.grad, torch.full_like(bias, 24))


def test_autocast_takes_maps_in_half_precision(parameters: tuple[Tensor, Tensor]) -> None:
    weight, bias = parameters
    x = torch.ones(1, CHANNELS, 3, 4, device=weight.device)
    with torch.autocast(weight.device.type, torch.bfloat16, cache_enabled=False):
        assert FUSED.pointwise(x, weight, bias).dtype == torch.bfloat16


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("taken", "given"), [(28, 28), (56, 28), (28, 7), (224, 28)])
def test_maps_of_a_training_step(taken: int, given: int, dtype: torch.dtype) -> None:
    maps = draw((16, taken, 96, 96), (given, taken, 1, 1), (given,))
    check(pointwise, maps, torch.device("cuda"), dtype)
