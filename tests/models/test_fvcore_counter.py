"""The count of fvcore against figures that are published or follow from its rules."""

import pytest
import torch
from torch import Tensor, nn

from tests.foreign_networks import Plain
from workbench.config.presets import PRESETS
from workbench.errors import ForeignCodeError, InputSizeError
from workbench.models.factory import build_model
from workbench.models.fvcore_counter import fvcore_flops


def test_mdrn_s_has_the_flops_of_the_factsheet() -> None:
    network = build_model(PRESETS["mdrn-s"])
    # 5.62 G: all multiply-adds, and 4 for each output value of the bilinear interpolations, of
    # which each of 8 blocks has three, of 7 channels of 256 x 256 px.
    interpolated = 4 * 8 * 3 * 7 * 256 * 256
    assert fvcore_flops(network, 256, 256) == 5_580_720_320 + interpolated == 5_624_760_512
    assert network.training


def test_convolutions_and_products_count_and_activations_do_not() -> None:
    class Known(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2d(3, 12, 3, padding=1)
            self.linear = nn.Linear(12, 12)

        def forward(self, x: Tensor) -> Tensor:
            wide = torch.relu(self.convolution(x)) * 2
            mixed = self.linear(wide.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            return nn.functional.pixel_shuffle(mixed, 2)

    assert fvcore_flops(Known(), 8, 10) == 80 * (27 * 12 + 12 * 12)


def test_a_network_that_cannot_be_traced_is_one_line() -> None:
    class Broken(Plain):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError(f"out of order at {x.ndim} axes")

    with pytest.raises(
        ForeignCodeError,
        match=r"^Broken cannot be traced by fvcore: RuntimeError: out of order at 4 axes$",
    ):
        fvcore_flops(Broken(), 8, 8)


def test_sizes_have_bounds() -> None:
    with pytest.raises(InputSizeError, match="14 x 20 px; this network needs at least 15 x 15"):
        fvcore_flops(build_model(PRESETS["mdrn-s"]), 20, 14)
    with pytest.raises(ValueError, match="at most 262,144 px, got 513 x 512"):
        fvcore_flops(Plain(), 512, 513)
