"""Padding by reflection, repeated where an image is tiny, and what is said of it."""

import numpy as np
import pytest
import torch

from workbench.evaluation.padding import padded_to, padding_remark


@pytest.mark.parametrize(
    ("row", "least", "padded"),
    [
        ([1, 2, 3, 4], 6, [1, 2, 3, 4, 3, 2]),
        ([1, 2, 3], 9, [1, 2, 3, 2, 1, 2, 3, 2, 1]),
        ([1, 2], 7, [1, 2, 1, 2, 1, 2, 1]),
        ([5], 4, [5, 5, 5, 5]),
    ],
)
def test_a_row_is_reflected_as_often_as_is_needed(
    row: list[int], least: int, padded: list[int]
) -> None:
    values = torch.tensor(row, dtype=torch.float32)
    wide = padded_to(values.expand(1, 3, least, -1), least)
    assert wide[0, 0, 0].tolist() == padded
    high = padded_to(values[:, None].expand(1, 3, -1, least), least)
    assert high[0, 2, :, 1].tolist() == padded


def test_both_sides_are_padded_as_pytorch_does() -> None:
    image = torch.rand((2, 3, 10, 12), generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.pad(image, (0, 3, 0, 5), mode="reflect")
    assert torch.equal(padded_to(image, 15), expected)
    assert np.shares_memory(padded_to(image, 10).numpy(), image.numpy())


def test_the_remark_counts_images_for_each_network_that_needs_it() -> None:
    sizes = [(20, 9), (14, 14), (30, 40)]
    assert padding_remark([("large.pth", 15), ("none.pth", 9), ("mid.pth", 10)], sizes) == (
        "images below a network's least size are padded by reflection, and the output is cropped: "
        "2 of 3 for large.pth (15x15 LR px), 1 of 3 for mid.pth (10x10 LR px)"
    )
    assert padding_remark([("none.pth", 9)], sizes) == ""
    assert padding_remark([("large.pth", 15)], []) == ""
