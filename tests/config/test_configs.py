"""Config values: round trips, presets, recipes, and the strict YAML reader."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from workbench.config.attention import pool_padding
from workbench.config.block import BlockConfig
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES, preset, recipe
from workbench.config.training import StageSource
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import line_in_file, parse_scalar, read_yaml, write_yaml
from workbench.errors import ConfigError
from workbench.store.keys import model_hash

TRIAL = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["short"])


@pytest.mark.parametrize("name", PRESETS)
def test_plain_data_gives_the_same_value_back(name: str) -> None:
    trial = TrialConfig(model=PRESETS[name], training=RECIPES["smoke"])
    assert TrialConfig.parse(trial.plain()) == trial


def test_yaml_gives_the_same_value_back(tmp_path: Path) -> None:
    changed = apply_overrides(
        TRIAL, {"model.block_overrides": [{"blocks": [-1], "channel_attention": None}]}
    )
    path = tmp_path / "trial.yaml"
    path.write_text(write_yaml(changed))
    assert read_yaml(path, TrialConfig) == changed


def test_values_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TRIAL.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(("level", "padding"), [(3, 1), (5, 0), (7, 1), (9, 2), (11, 3)])
def test_pool_padding_extends_the_published_rule(level: int, padding: int) -> None:
    assert pool_padding(level) == padding


def test_block_overrides_change_the_named_blocks_only() -> None:
    config = ModelConfig.parse(
        {
            "block_overrides": [
                {"blocks": [0, 1], "channel_attention": None, "activation": "relu"},
                {"blocks": [1], "activation": "silu"},
                {"blocks": [-1], "spatial_attention": None},
            ]
        }
    )
    assert config.block(0).channel_attention is None
    assert [config.block(i).activation for i in range(3)] == ["relu", "silu", "gelu"]
    assert config.block(7).spatial_attention is None
    assert config.block(4) == BlockConfig()


SAME: list[dict[str, object]] = [
    {"spatial_attention.levels": [7, 3, 5]},
    {"channel_attention.cca.reduction": 20},
    {"distilled_fraction": 0.51},
    {"block_overrides": [{"blocks": [0], "activation": "gelu"}]},
]
DIFFERENT: list[dict[str, object]] = [
    {"spatial_attention.lvar": []},
    {"channels": 24},
    {"padding": "zeros"},
    {"distilled_fraction": None},
    {"block_overrides": [{"blocks": [0], "activation": "relu"}]},
]


@pytest.mark.parametrize("overrides", SAME)
def test_configs_of_one_network_have_one_hash(overrides: dict[str, object]) -> None:
    changed = apply_overrides(PRESETS["mdrn-s"], overrides)
    assert model_hash(changed) == model_hash(PRESETS["mdrn-s"])


@pytest.mark.parametrize("overrides", DIFFERENT)
def test_configs_of_different_networks_have_different_hashes(overrides: dict[str, object]) -> None:
    changed = apply_overrides(PRESETS["mdrn-s"], overrides)
    assert model_hash(changed) != model_hash(PRESETS["mdrn-s"])


def test_an_inactive_field_does_not_matter() -> None:
    without = apply_overrides(PRESETS["mdrn-s"], {"spatial_attention.lvar": []})
    inactive = apply_overrides(without, {"spatial_attention.variance": "global"})
    assert inactive != without
    assert model_hash(inactive) == model_hash(without)


def test_the_factsheet_recipe_is_the_factsheet() -> None:
    stages = recipe("factsheet").stages
    assert [stage.steps for stage in stages] == [1_000_000, 1_000_000, 650_000]
    assert [stage.hr_patch_px for stage in stages] == [384, 384, 480]
    assert [stage.loss for stage in stages] == ["l1", "charbonnier", "l2"]
    assert [stage.learning_rate for stage in stages] == [2e-3, 5e-4, 2e-4]
    assert {stage.batch_size for stage in stages} == {64}
    late = (100_000, 500_000, 800_000, 900_000, 950_000)
    assert [s.milestones for s in stages] == [late, late, (100_000, 300_000, 600_000)]
    first = (StageSource(name="DIV2K"),)
    both = (*first, StageSource(name="LSDIR", first=10_000))
    assert [stage.sources for stage in stages] == [first, both, both]
    assert recipe("factsheet").adam_betas == (0.9, 0.99)
    assert (recipe("factsheet").ema_decay, recipe("factsheet").ema_warm_up) == (0.999, False)
    assert recipe("factsheet").weight_decay == 0


@pytest.mark.parametrize(
    ("name", "steps", "batch_size", "hr_patch_px"),
    [("short", 1_200, 4, 96), ("medium", 5_000, 8, 192), ("long", 50_000, 16, 192)],
)
def test_recipes_of_one_stage_halve_the_rate_at_the_same_shares_of_their_steps(
    name: str, steps: int, batch_size: int, hr_patch_px: int
) -> None:
    training = recipe(name)
    (stage,) = training.stages
    assert (stage.steps, stage.batch_size, stage.hr_patch_px) == (steps, batch_size, hr_patch_px)
    assert [round(at / steps, 6) for at in stage.milestones] == [0.5, 0.7, 0.85, 0.95]
    assert (stage.loss, stage.learning_rate, stage.sources) == ("l1", 2e-3, None)
    assert steps % training.validate_every == 0  # the last point of the curve is the end
    assert training.validate_every <= steps // 6
    assert training.checkpoint_every <= training.validate_every


@pytest.mark.parametrize(("look_up", "kind"), [(preset, "preset"), (recipe, "recipe")])
def test_an_unknown_name_is_refused(look_up: object, kind: str) -> None:
    assert callable(look_up)
    with pytest.raises(ConfigError, match=f"unknown {kind} 'zzz'; valid: "):
        look_up("zzz")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("no", "no"),
        ("true", True),
        ("null", None),
        ("[3, 5]", [3, 5]),
        ("{kind: esa}", {"kind": "esa"}),
        ("28", 28),
    ],
)
def test_values_are_read_as_yaml_1_2(text: str, value: object) -> None:
    assert parse_scalar(text, "--set x") == value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("model:\n  chanels: 3\n", r":2: model.chanels: unknown key; did you mean 'channels'"),
        ("modle: {}\n", r":1: modle: unknown key.*did you mean 'model'\?"),
        ("seed: 1\nseed: 2\n", r":2: found duplicate key"),
        ("seed: [1\n", r":\d: .*expected"),
        ("- 1\n", r":1: a trial must be a mapping of keys, got a list"),
        ("", r":1: a trial must be a mapping of keys, got nothing"),
        (
            "training: {}\nseed: no\n",
            r":1: training.stages: is missing .and 3 more",
        ),
        ("training:\n  validate_every: 1\n  stages:\n  - steps: x\n", r":4: training.stages.0.st"),
    ],
)
def test_a_wrong_file_is_refused_with_file_line_and_key(
    tmp_path: Path, text: str, error: str
) -> None:
    path = tmp_path / "trial.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"trial.yaml{error}"):
        read_yaml(path, TrialConfig, "trial")


def test_the_line_of_an_entry_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  b: 1\n\n  c:\n  - 5\n  - 6\n")
    assert line_in_file(path, ["a", "c", 1]) == 6
    assert line_in_file(path, ["a", "absent"]) == 1
