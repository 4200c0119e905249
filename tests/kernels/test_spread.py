"""Enlargement and sum against the eager operation in float64."""

import pytest
import torch
from torch import Tensor

from tests.builders.kernels import Compute, Maps, check, draw
from workbench.kernels.operations import Operations


def spread_sum(height: int, width: int, *, base: bool = True) -> Compute:
    """Return the operation on maps, the last of which is the base."""

    def compute(operations: Operations, maps: Maps) -> Tensor:
        given = [x for x in maps if x is not None]
        if not base:
            return operations.spread_sum(given, None, (height, width))
        return operations.spread_sum(given[:-1], given[-1], (height, width))

    return compute


CASES: list[tuple[list[tuple[int, int]], tuple[int, int]]] = [
    ([(1, 1)], (1, 1)),
    ([(1, 1), (2, 3)], (5, 7)),
    ([(3, 2), (1, 5), (2, 2)], (13, 11)),
    ([(5, 3), (1, 1), (2, 7), (3, 1)], (11, 17)),
    ([(3, 19)], (7, 71)),  # several tiles forward, and parts of a source row backward
    ([(7, 6)], (7, 6)),
]


@pytest.mark.parametrize(("sizes", "target"), CASES)
def test_values_and_gradients_are_those_of_the_eager_operation(
    sizes: list[tuple[int, int]], target: tuple[int, int], device: torch.device
) -> None:
    maps = draw(*[(1, 2, *size) for size in [*sizes, target]])
    check(spread_sum(*target), maps, device, torch.float32)


def test_a_base_is_not_needed(device: torch.device) -> None:
    maps = draw((2, 1, 3, 3), (2, 1, 1, 1))
    check(spread_sum(8, 9, base=False), maps, device, torch.float32)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_adds_up_in_float32(dtype: torch.dtype, device: torch.device) -> None:
    check(spread_sum(9, 8), draw((1, 1, 3, 3), (1, 1, 2, 2), (1, 1, 9, 8)), device, dtype)


def test_five_maps_are_added_by_the_eager_operation(device: torch.device) -> None:
    check(spread_sum(4, 4, base=False), draw(*[(1, 1, 2, 2)] * 5), device, torch.float32)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_maps_of_a_training_step(dtype: torch.dtype) -> None:
    maps = draw((16, 7, 16, 16), (16, 7, 15, 15), (16, 7, 14, 14), (16, 7, 96, 96))
    check(spread_sum(96, 96), maps, torch.device("cuda"), dtype)
