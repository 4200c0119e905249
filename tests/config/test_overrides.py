"""`apply_overrides`: what happens with a typo, an ambiguous key, a wrong type."""

import re
from typing import Any

import pytest

from workbench.config.attention import EsaConfig, MdsaConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError

BASE = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["smoke"])


def test_the_base_is_not_changed_and_the_new_value_is() -> None:
    changed = apply_overrides(BASE, {"model.spatial_attention.lvar": []})
    assert isinstance(changed.mdrn.spatial_attention, MdsaConfig)
    assert changed.mdrn.spatial_attention.lvar == ()
    assert BASE.model == PRESETS["mdrn-s"]


def test_a_part_is_named_or_left_out() -> None:
    assert apply_overrides(BASE, {"model.spatial_attention": "esa"}).mdrn.spatial_attention == (
        EsaConfig()
    )
    assert apply_overrides(BASE, {"model.spatial_attention": None}).mdrn.spatial_attention is None


def test_a_stage_of_the_recipe_is_reached_by_its_index() -> None:
    changed = apply_overrides(BASE, {"training.stages.0.batch_size": 9})
    assert changed.training.stages[0].batch_size == 9


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model.chanels": 3}, "unknown key 'model.chanels'; did you mean 'model.channels'?"),
    ({"channels": 3}, "unknown key 'channels'; did you mean 'model.channels'?"),
    ({"steps": 3}, "unknown key 'steps'; did you mean 'training.stages.0.steps'?"),
    ({"kind": 3}, "key 'kind' is ambiguous; write one of model.spatial_attention.kind, "),
    ({"zzz": 3}, "unknown key 'zzz'; keys are dotted paths that start with one of model, data, "),
    ({"training.stages.1.steps": 1}, "unknown key 'training.stages.1.steps'"),
    ({"training.adam_betas.2": 1.0}, "training.adam_betas.2: index must lie in 0..1, got '2'"),
    ({"model.channels": "28"}, "model.channels: should be a valid integer, got '28'"),
    ({"model.channels": True}, "model.channels: should be a valid integer, got True"),
    ({"model.channels": 28.5}, "model.channels: should be a valid integer, got 28.5"),
    ({"model.channels": 2}, "model.channels: should be greater than or equal to 4, got 2"),
    ({"model.scale": 5}, "model.scale: should be 2, 3 or 4, got 5"),
    ({"model.convolution": "bsconvv"}, "unknown name 'bsconvv'; did you mean 'bsconv'?"),
    ({"model.spatial_attention": "esaa"}, "unknown name 'esaa'; did you mean 'esa'?"),
    ({"model.channel_attention": "eccca"}, "unknown name 'eccca'; did you mean 'ecca'?"),
    ({"model.spatial_attention.levels": []}, "must hold at least one dispersion level"),
    ({"model.spatial_attention.levels": [4]}, "must hold odd levels of at least 3, got 4"),
    ({"model.spatial_attention.levels": [3, 3]}, "must not repeat a level"),
    ({"model.spatial_attention.lvar": [9]}, "lvar must be a subset of levels [3, 5, 7], got [9]"),
    ({"model.spatial_attention.squeeze_ratio": 40}, "squeeze_ratio must be at most channels (28)"),
    ({"model.distilled_fraction": 0.01}, "must leave at least 1 of 28 channels, got 0.01"),
    ({"model.block_overrides": [{"blocks": [8]}]}, "must lie in -8..7, got 8"),
    ({"model.channel_attention.cca.reducton": 9}, "did you mean 'model.channel_attention.cca.red"),
    (
        {"model.spatial_attention": None, "model.spatial_attention.lvar": []},
        "are both set, which is ambiguous; write one of them",
    ),
    ({"training.stages.0.milestones": [9, 5]}, "milestones must increase, got [9, 5]"),
    ({"training.stages.0.milestones": [500]}, "milestones must lie in 1..119, got [500]"),
    ({"training.stages.0.hr_patch_px": 97}, "must be a multiple of scale 4, got 97"),
    ({"training.stages.0.hr_patch_px": 56}, "must be at least 60 (15 LR px, the smallest input"),
    ({"training.stages.0.sources": [{"name": "DIV2K"}]}, "give it with --data DIV2K=FOLDER"),
    ({"training.precision": "tf32"}, "precision tf32 needs device cuda, got cpu"),
    ({"training.kernels": "fused"}, "kernels fused needs device cuda, got cpu"),
    ({"training.precision": "fp16"}, "unknown name 'fp16'"),
    ({"training.amp": True}, "unknown key 'training.amp'"),
    ({"data.training": []}, "data.training: must not be empty, got []"),
    ({"evaluation.benchmarks": [{"nam": "x"}]}, "evaluation.benchmarks.0.nam: unknown key"),
]


@pytest.mark.parametrize(("overrides", "text"), REFUSED)
def test_what_is_wrong_is_refused_in_one_line(overrides: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(text)) as caught:
        apply_overrides(BASE, overrides)
    assert "\n" not in str(caught.value)


def test_a_key_of_a_part_that_is_left_out_says_so() -> None:
    without = apply_overrides(BASE, {"model.spatial_attention": None})
    with pytest.raises(ConfigError, match=r"model.spatial_attention is left out of this network"):
        apply_overrides(without, {"model.spatial_attention.lvar": []})
