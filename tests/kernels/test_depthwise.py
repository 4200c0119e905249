"""The depthwise kernel against the eager operation in float64."""

import pytest
import torch
from torch import Tensor

from tests.builders.kernels import Compute, Maps, check, draw
from workbench.config.attention import Activation, Padding
from workbench.kernels.operations import Operations


def depthwise(stride: int, padding: Padding, activation: Activation | None) -> Compute:
    """Return the operation on x, weight, bias, scale and skip."""

    def compute(operations: Operations, maps: Maps) -> Tensor:
        x, weight, bias, scale, skip = maps
        assert x is not None
        assert weight is not None
        return operations.depthwise(
            x,
            weight,
            bias,
            stride=stride,
            padding=padding,
            scale=scale,
            skip=skip,
            activation=activation,
        )

    return compute


def maps(shape: tuple[int, int, int, int], stride: int = 1, *, bare: bool = False) -> Maps:
    """Return x, weight, bias, scale and skip; bare is without the last three."""
    n, c, h, w = shape
    out = (n, c, -(-h // stride), -(-w // stride))
    others = (None, None, None) if bare else ((c,), (n, c, 1, 1), out)
    return draw(shape, (c, 1, 3, 3), *others)


CASES: list[tuple[tuple[int, int, int, int], int, Padding, Activation | None]] = [
    ((1, 1, 1, 1), 1, "zeros", None),
    ((1, 1, 1, 1), 2, "zeros", "silu"),
    ((1, 2, 2, 2), 1, "reflect", "gelu"),
    ((1, 1, 2, 3), 2, "reflect", "relu"),
    ((2, 1, 3, 5), 1, "reflect", "leaky-relu"),
    ((1, 2, 7, 4), 2, "zeros", "mish"),
    ((2, 1, 5, 11), 1, "zeros", "hardswish"),
    ((1, 1, 33, 3), 1, "reflect", "gelu"),  # two tiles, one below the other
    ((1, 1, 2, 65), 2, "reflect", "mish"),  # three beside each other in the backward pass
]


@pytest.mark.parametrize(("shape", "stride", "padding", "activation"), CASES)
def test_values_and_gradients_are_those_of_the_eager_operation(
    shape: tuple[int, int, int, int],
    stride: int,
    padding: Padding,
    activation: Activation | None,
    device: torch.device,
) -> None:
    check(depthwise(stride, padding, activation), maps(shape, stride), device, torch.float32)


@pytest.mark.parametrize("activation", ["gelu", "relu", None])
def test_weights_alone_are_enough(activation: Activation | None, device: torch.device) -> None:
    compute = depthwise(1, "reflect", activation)
    check(compute, maps((1, 2, 4, 3), bare=True), device, torch.float32)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_adds_up_in_float32(dtype: torch.dtype, device: torch.device) -> None:
    check(depthwise(1, "reflect", "gelu"), maps((1, 5, 4, 5)), device, dtype)


def test_maps_and_gradients_may_lie_anywhere_in_memory(device: torch.device) -> None:
    def compute(operations: Operations, given: Maps) -> Tensor:
        x, weight = given
        assert x is not None
        assert weight is not None
        sliced = operations.depthwise(x[:, 1:], weight, None)
        turned = operations.depthwise(x[:, :2].mT.contiguous().mT, weight, None)
        return torch.cat([sliced, turned], dim=1)[:, 1:]

    check(compute, draw((2, 3, 4, 6), (2, 1, 3, 3)), device, torch.float32)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("stride", [1, 2])
def test_maps_of_a_training_step(dtype: torch.dtype, stride: int) -> None:
    compute = depthwise(stride, "reflect", "gelu")
    check(compute, maps((16, 28, 96, 96), stride), torch.device("cuda"), dtype)
