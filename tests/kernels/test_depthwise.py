"""The depthwise kernel against the eager operation in float64."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from tests.builders.kernels import Compute, Maps, check, draw, value_and_gradients
from workbench.config.attention import Activation, Padding
from workbench.kernels.fused import FUSED
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
    ((1, 1, 37, 33), 1, "reflect", "silu"),  # several tiles
    ((1, 1, 35, 6), 2, "reflect", "mish"),
]


@pytest.mark.parametrize(("shape", "stride", "padding", "activation"), CASES)
def test_values_and_gradients_are_those_of_the_eager_operation(
    shape: tuple[int, int, int, int],
    stride: int,
    padding: Padding,
    activation: Activation | None,
    device: torch.device,
) -> None:
    compute = depthwise(stride, padding, activation)
    check(compute, maps(shape, stride), device, torch.float32)
    check(compute, maps(shape, stride, bare=True), device, torch.float32)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_adds_up_in_float32(dtype: torch.dtype, device: torch.device) -> None:
    check(depthwise(1, "reflect", "gelu"), maps((1, 2, 6, 7)), device, dtype)
