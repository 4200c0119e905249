"""Costs against the published numbers."""

import pytest
from torch import Tensor
from torch.nn.modules import module

from tests.foreign_networks import Plain
from workbench.ablation.cost_table import known_cost, shipped_networks
from workbench.ablation.variant import find_variants
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import InputSizeError
from workbench.models.complexity import count, count_network

PARAMETERS = [
    ({}, 95_396, 5.5807),
    ({"scale": 2}, 86_288, 4.9862),
    ({"scale": 3}, 90_083, 5.2339),
    ({"channels": 16}, 38_696, 2.1876),
    ({"channels": 20}, 54_956, 3.1518),
    ({"channels": 24}, 73_856, 4.2828),
    ({"channels": 32}, 120_096, 7.0455),
    ({"channels": 36}, 146_980, 8.6773),
    ({"channels": 56, "scale": 2}, 303_724, 18.1502),
    ({"channels": 56, "scale": 3}, 311_299, 18.6457),
    ({"channels": 56}, 321_904, 19.3393),
    ({"blocks": 4}, 54_708, None),
    ({"blocks": 5}, 64_880, None),
    ({"blocks": 6}, 75_052, None),
    ({"blocks": 7}, 85_224, None),
    ({"spatial_attention.lvar": []}, 94_444, None),
    ({"spatial_attention.lvar": [3, 5, 7]}, 97_300, None),
    ({"spatial_attention.levels": [5, 7]}, 92_540, None),
    ({"spatial_attention.levels": [3, 7]}, 92_540, None),
    ({"spatial_attention.levels": [3, 5], "spatial_attention.lvar": []}, 91_588, None),
    ({"spatial_attention.levels": [7]}, 89_684, None),
    ({"spatial_attention.refinement": False}, 94_948, None),
    ({"spatial_attention": None}, 82_012, None),
    ({"channel_attention": None}, 85_980, None),
    ({"channel_attention.cca": None}, 94_716, None),
]


@pytest.mark.parametrize(("overrides", "parameters", "multiply_adds_g"), PARAMETERS)
def test_published_parameters_and_multiply_adds(
    overrides: dict[str, object], parameters: int, multiply_adds_g: float | None
) -> None:
    cost = count(apply_overrides(PRESETS["mdrn-s"], overrides)).cost
    assert cost.parameters == parameters
    if multiply_adds_g is not None:
        assert round(cost.multiply_adds / 1e9, 4) == multiply_adds_g


@pytest.mark.parametrize(
    ("preset", "parameters", "multiply_adds_g", "challenge_g", "activations_m", "convolutions"),
    [
        ("imdn", 893_936, 58.4308, 58.5315, 154.14, 43),
        ("rfdn", 433_448, 27.0336, 27.1026, 112.03, 64),
        ("efdn", 272_038, 16.8159, 16.8596, 79.59, 59),
        # The published code has nn.Linear for 1x1 convolutions, which the challenge miscounts.
        ("bsrn", 156_288, 9.4301, 2.0224, 209.19, 121),
    ],
)
def test_costs_of_the_line(
    preset: str,
    parameters: int,
    multiply_adds_g: float,
    challenge_g: float,
    activations_m: float,
    convolutions: int,
) -> None:
    cost = count(PRESETS[preset]).cost
    assert cost.parameters == parameters
    assert round(cost.multiply_adds / 1e9, 4) == multiply_adds_g
    assert round(cost.challenge_flops / 1e9, 4) == challenge_g
    assert round(cost.activations / 1e6, 2) == activations_m
    assert cost.convolutions == convolutions


def test_mdrn_s_to_the_last_digit() -> None:
    cost = count(PRESETS["mdrn-s"]).cost
    assert cost.multiply_adds == 5_580_720_320
    assert cost.challenge_flops == 5_580_720_328  # one ReLU output in the CCA of each block
    assert cost.activations == 220_881_352
    assert cost.convolutions == 317


def test_costs_at_another_size_follow_the_area() -> None:
    small, large = (count(PRESETS["tiny"], side, 2 * side).cost for side in (96, 192))
    assert (small.lr_height_px, small.lr_width_px) == (96, 192)
    assert small.parameters == large.parameters
    assert large.multiply_adds == pytest.approx(4 * small.multiply_adds, rel=0.02)


def test_too_small_a_size_is_refused() -> None:
    with pytest.raises(InputSizeError, match="14 x 20 px; this network needs at least 15 x 15"):
        count(PRESETS["mdrn-s"], 20, 14)


@pytest.mark.parametrize("name", [variant.name for variant in find_variants(["all"])])
def test_parts_add_up_to_the_whole(name: str) -> None:
    base = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["smoke"])
    (variant,) = find_variants([name])
    counted = count(variant.apply(base).model, 64, 64)
    for field in ("parameters", "multiply_adds", "activations"):
        total = sum(getattr(part, field) for part in counted.parts)
        assert total == getattr(counted.cost, field), field


def test_the_shipped_table_of_costs_is_what_is_counted() -> None:
    for config in shipped_networks():
        assert known_cost(config) == count(config).cost, "run `make costs`"


def test_networks_that_other_threads_train_are_not_watched() -> None:
    """A hook of the whole process would follow them, slow them down, and count their modules."""
    seen: list[int] = []

    class Looking(Plain):
        def forward(self, x: Tensor) -> Tensor:
            hooks = module._global_forward_hooks, module._global_forward_pre_hooks
            seen.append(sum(map(len, hooks)))
            return super().forward(x)

    cost = count_network(Looking(), 24, 24).cost
    assert set(seen) == {0}
    assert cost == count_network(Plain(), 24, 24).cost
