"""TF32 is set for PyTorch's former interface, too, which its exporter reads."""

from collections.abc import Iterator

import pytest
import torch

from workbench.system.float32 import TF32, TRUE, Float32, float32, set_float32


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    before = float32()
    yield
    set_float32(before)


@pytest.mark.parametrize("settings", [TRUE, TF32, Float32("ieee", "tf32"), Float32("tf32", "ieee")])
def test_both_interfaces_agree(settings: Float32) -> None:
    set_float32(settings)
    assert float32() == settings
    assert torch.backends.cudnn.allow_tf32 is (settings.convolutions == "tf32")
    assert torch.backends.cuda.matmul.allow_tf32 is (settings.products == "tf32")


def test_a_network_is_exported_afterwards() -> None:
    set_float32(TRUE)
    exported = torch.export.export(torch.nn.Conv2d(1, 1, 1), (torch.ones(1, 1, 2, 2),))
    assert exported.module()(torch.ones(1, 1, 2, 2)).shape == (1, 1, 2, 2)
