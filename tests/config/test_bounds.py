"""Every number that a user can write is bounded, and no network is built that fits no machine."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from workbench.ablation.variant import VariantFile
from workbench.config.base import Frozen
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.experiments.plan_file import PlanFile
from workbench.spaces.space import SpaceFile

LOW, HIGH = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")


def unbounded(node: object, path: str = "") -> Iterator[str]:
    """Yield the places of a JSON Schema where a number has no finite bounds."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from unbounded(item, f"{path}/{index}")
    if not isinstance(node, dict):
        return
    if node.get("type") in ("integer", "number") and not {"enum", "const"} & node.keys():
        bounds = [next((node[k] for k in keys if k in node), math.inf) for keys in (LOW, HIGH)]
        if not all(map(math.isfinite, bounds)):
            yield path
    for key, item in node.items():
        yield from unbounded(item, f"{path}/{key}")


@pytest.mark.parametrize("kind", [TrialConfig, SpaceFile, VariantFile, PlanFile])
def test_every_number_of_a_config_has_finite_bounds(kind: type[Frozen]) -> None:
    assert list(unbounded(kind.model_json_schema())) == []


def test_a_number_without_bounds_would_be_found() -> None:
    class Unbounded(Frozen):
        threads: int = 1
        betas: tuple[float, float] = (0.0, 0.0)

    found = list(unbounded(Unbounded.model_json_schema()))
    assert [path.split("/")[2] for path in found] == ["threads", "betas", "betas"]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("training.adam_betas", [1, 2], r"training.adam_betas.0: should be less than 1, got 1"),
        ("training.adam_betas", [0.9, math.nan], r"adam_betas.1: .*got nan"),
        ("training.threads", 100_000, "should be less than or equal to 1024, got 100000"),
        (
            "training.stages.0.learning_rate",
            math.inf,
            "learning_rate: should be a finite number, got",
        ),
        ("training.stages.0.learning_rate", math.nan, "learning_rate: .*got nan"),
        ("training.stages.0.batch_size", 10**9, "batch_size: .* got 1000000000"),
        ("training.stages.0.steps", 10**12, "steps: .* got 1000000000000"),
        ("training.weight_decay", math.inf, "weight_decay: .*got inf"),
        ("model.rgb_mean", [math.nan, 0, 0], "model.rgb_mean.0: .*got nan"),
        ("model.rgb_mean", [0, 0, 1.5], "model.rgb_mean.2: should be less than or equal to 1"),
        ("model.channels", 10**9, "channels: should be less than or equal to 4096, got 10000"),
        ("model.blocks", 10**6, "model.blocks: should be less than or equal to 1000, got 10000"),
        ("model.distillation_steps", 10**7, "distillation_steps: .* got 10000000"),
        ("model.distilled_fraction", math.nan, "distilled_fraction: .*got nan"),
        ("model.spatial_attention.levels", [10**9 + 1], "levels.0: .* less than or equal to 255"),
        ("evaluation.tile_lr_px", 10**9, "tile_lr_px: .* got 1000000000"),
        ("seed", 2**64, "seed: should be less than or equal to 9223372036854775807"),
    ],
)
def test_a_number_out_of_bounds_is_refused_with_key_rule_and_value(
    key: str, value: object, text: str
) -> None:
    trial = TrialConfig(training=RECIPES["smoke"])
    with pytest.raises(ConfigError, match=text):
        apply_overrides(trial, {key: value})


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"channels": 4096, "blocks": 1000},
            r"at most 1,000,000,000 parameters, got about 67,108,864,000 with 4,096 channels",
        ),
        ({"channels": 2048, "blocks": 100, "convolution": "conv3x3"}, "parameters, got about 15,"),
    ],
)
def test_a_network_that_fits_no_machine_is_refused_before_it_is_built(
    fields: dict[str, Any], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        ModelConfig.parse(fields)


def test_a_batch_that_fits_no_machine_is_refused() -> None:
    large = {"training.stages.0.batch_size": 65_536, "training.stages.0.hr_patch_px": 4_096}
    with pytest.raises(ConfigError, match=r"must give at most 100,000,000,000 values .* got 1,924"):
        apply_overrides(TrialConfig(training=RECIPES["smoke"]), large)


def test_the_estimate_of_parameters_is_of_the_right_size() -> None:
    """A thousandth of the limit is left to every preset, so nobody meets it by chance."""
    assert all(
        apply_overrides(config, {"channels": 10 * config.channels}).channels
        for config in PRESETS.values()
        if config.channels <= 400
    )


@pytest.mark.parametrize(
    ("dimension", "text"),
    [
        ({"kind": "integers", "low": 0, "high": 10**9}, "at most 10,000 values, got 1,000,000,001"),
        ({"kind": "integers", "low": 0, "high": 10**12}, "high: .*got 1000000000000"),
        ({"kind": "floats", "low": 0.0, "high": math.inf}, "high: .*got inf"),
        ({"kind": "floats", "low": 0.0, "high": 1.0, "step": 1e-9}, "got a step of 1e-09"),
        ({"kind": "subset", "of": list(range(65))}, "of: .*at most 64 items"),
    ],
)
def test_a_dimension_of_too_many_values_is_refused(dimension: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        SpaceFile.parse({"question": "?", "dimensions": {"model.channels": dimension}})
