"""Networks take from trained weights what fits, and start the rest as usual."""

import pytest
import torch

from workbench.ablation.variant import find_variants
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.models.factory import build_model
from workbench.models.taking import is_another_network, take_weights, taken_weights

SMALL = apply_overrides(PRESETS["mdrn-s"], {"blocks": 2})
TRAINED = {name: value + 0.5 for name, value in build_model(SMALL, seed=7).state_dict().items()}


def changed(variant: str) -> ModelConfig:
    (found,) = find_variants([variant])
    return found.apply(TrialConfig(model=SMALL, training=RECIPES["smoke"])).mdrn


@pytest.mark.parametrize("variant", ["no-lvar", "esa", "no-ecca", "blocks-5"])
def test_what_fits_is_taken_and_the_rest_is_that_of_the_seed(variant: str) -> None:
    config = changed(variant)
    own = build_model(config, seed=3)
    initial = {name: value.clone() for name, value in own.state_dict().items()}
    take_weights(own, TRAINED)
    state, new = own.state_dict(), 0
    for name, value in state.items():
        fits = name in TRAINED and TRAINED[name].shape == value.shape
        assert torch.equal(value, TRAINED[name] if fits else initial[name]), name
        new += 0 if fits else value.numel()
    taken = taken_weights(config, TRAINED)
    assert (taken.new, taken.taken + taken.new) == (new, sum(v.numel() for v in state.values()))


def test_modules_are_named_once_for_all_blocks() -> None:
    taken = taken_weights(changed("esa"), TRAINED)
    assert taken.left_out_modules == ("blocks.*.spatial_attention.dispersion",)
    assert taken.new_modules == (
        "blocks.*.spatial_attention.strided",
        "blocks.*.spatial_attention.convolutions",
    )
    assert taken.describe().startswith(f"takes {taken.taken:,} parameters; {taken.new:,} start")
    whole = taken_weights(SMALL, TRAINED)
    assert (whole.new, whole.left_out, whole.new_modules, whole.left_out_modules) == (0, 0, (), ())


def test_a_tensor_of_another_shape_starts_anew_and_is_left_out() -> None:
    taken = taken_weights(apply_overrides(SMALL, {"blocks": 3}), TRAINED)
    assert "fusion.weight" in taken.new_modules
    assert taken.left_out_modules == ("fusion.weight",)


@pytest.mark.parametrize(("variant", "other"), [("channels-24", True), ("no-ecca", False)])
def test_a_network_that_shares_less_than_half_is_another_one(variant: str, other: bool) -> None:
    assert is_another_network(taken_weights(changed(variant), TRAINED)) is other
