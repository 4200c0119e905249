"""The gate of a spatial attention against the eager operation in float64."""

import pytest
import torch
from torch import Tensor

from tests.builders.kernels import Compute, Maps, check, draw
from workbench.kernels.fused import FUSED
from workbench.kernels.operations import Operations


def gate(add_input: bool) -> Compute:
    def compute(operations: Operations, maps: Maps) -> Tensor:
        x, logits = maps
        assert x is not None
        assert logits is not None
        return operations.gate(x, logits, add_input=add_input)

    return compute


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("add_input", [True, False])
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 13, 17)])
def test_values_and_gradients_are_those_of_the_eager_operation(
    shape: tuple[int, int, int, int], add_input: bool, dtype: torch.dtype, device: torch.device
) -> None:
    check(gate(add_input), draw(shape, shape), device, dtype)


def test_a_factor_for_each_map_is_multiplied_by_the_eager_operation(device: torch.device) -> None:
    check(gate(True), draw((2, 3, 5, 4), (2, 3, 1, 1)), device, torch.float32)


def test_the_wider_dtype_of_the_two_is_returned(device: torch.device) -> None:
    x = torch.randn(1, 2, 3, 4).to(device, torch.bfloat16)
    assert FUSED.gate(x, x.float()).dtype == torch.float32


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_maps_of_a_training_step(dtype: torch.dtype) -> None:
    shape = (16, 28, 96, 96)
    check(gate(True), draw(shape, shape), torch.device("cuda"), dtype)
