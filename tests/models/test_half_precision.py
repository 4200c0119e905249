"""Networks in half precision: finite, near float64, and with statistics in float32."""

import copy

import pytest
import torch

from workbench.config.presets import PRESETS
from workbench.kernels.eager import EAGER
from workbench.models.factory import build_model

WITHIN = {torch.bfloat16: 0.02, torch.float16: 0.003}
"""Greatest error of an output about 1, untrained weights: some 5 and 6 units in the last place."""


@pytest.mark.parametrize("dtype", WITHIN)
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_in_half_precision_is_near_float64(name: str, dtype: torch.dtype) -> None:
    model = build_model(PRESETS[name], seed=1).eval()
    image = torch.rand(1, 3, 24, 25, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        exact = copy.deepcopy(model).double()(image.double())
        output = model.to(dtype)(image.to(dtype))
    assert output.dtype is dtype
    assert float((output.double() - exact).abs().max()) < WITHIN[dtype]


@pytest.mark.parametrize("dtype", WITHIN)
def test_the_variance_in_half_precision_neither_underflows_nor_overflows(
    dtype: torch.dtype,
) -> None:
    noise = torch.randn(1, 2, 12, 12, generator=torch.Generator().manual_seed(1))
    for size in (1e-4, 1e3):
        image = (noise * size).to(dtype)
        exact = EAGER.local_variance(image.double(), 7, 1)
        assert torch.allclose(EAGER.local_variance(image, 7, 1).double(), exact, rtol=1e-4)
        statistic = EAGER.contrast_and_mean(image)
        assert statistic.dtype is torch.float32
        wanted = EAGER.contrast_and_mean(image.double())
        assert torch.allclose(statistic.double(), wanted, rtol=1e-4)
