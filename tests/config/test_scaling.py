"""A recipe of another length."""

import pytest

from workbench.config.presets import RECIPES
from workbench.config.scaling import scaled
from workbench.config.training import StageConfig, TrainingConfig
from workbench.errors import ConfigError


@pytest.mark.parametrize(
    ("steps", "milestones", "validate_every"),
    [
        (240, (120, 168, 204, 228), 80),
        (120, (60, 84, 102, 114), 40),
        (60, (30, 42, 51, 57), 20),
        (20, (10, 14, 17, 19), 7),
        (6, (3, 4, 5), 2),  # 5.1 and 5.7 fall on the last step that can be one
        (3, (2,), 1),
        (2, (1,), 1),
        (1, (), 1),
        (1_200, (600, 840, 1_020, 1_140), 400),
        (1_000_000_000, (500_000_000, 700_000_000, 850_000_000, 950_000_000), 333_333_333),
    ],
)
def test_milestones_and_validations_keep_their_shares(
    steps: int, milestones: tuple[int, ...], validate_every: int
) -> None:
    recipe = scaled(RECIPES["smoke"], steps)
    (stage,) = recipe.stages
    assert (stage.steps, stage.milestones) == (steps, milestones)
    assert (recipe.validate_every, recipe.checkpoint_every) == (validate_every, 20)
    assert stage.learning_rate == 2e-3


def test_the_same_length_is_the_same_recipe() -> None:
    for recipe in RECIPES.values():
        assert scaled(recipe, recipe.total_steps()) == recipe


def test_stages_keep_their_shares_and_add_up() -> None:
    recipe = scaled(RECIPES["factsheet"], 2_650)
    assert [stage.steps for stage in recipe.stages] == [1_000, 1_000, 650]
    assert recipe.stages[0].milestones == (100, 500, 800, 900, 950)
    assert recipe.stages[2].milestones == (100, 300, 600)
    assert recipe.stages[1].sources == RECIPES["factsheet"].stages[1].sources
    for steps in (3, 4, 5, 7, 100, 1_001):
        stages = scaled(RECIPES["factsheet"], steps).stages
        assert sum(stage.steps for stage in stages) == steps
        assert min(stage.steps for stage in stages) >= 1


def test_a_small_stage_keeps_one_step() -> None:
    stage = {"hr_patch_px": 96, "batch_size": 1, "learning_rate": 1e-3}
    stages = [StageConfig.parse(stage | {"steps": steps}) for steps in (1_000, 1, 1)]
    recipe = TrainingConfig(stages=tuple(stages), validate_every=1, checkpoint_every=1)
    assert [s.steps for s in scaled(recipe, 10).stages] == [8, 1, 1]


@pytest.mark.parametrize(
    ("name", "steps", "reason"),
    [
        ("smoke", 0, "--steps must be at least 1, got 0"),
        ("smoke", -5, "--steps must be at least 1, got -5"),
        ("factsheet", 2, "--steps must be at least 3, one for each stage of the recipe, got 2"),
        ("smoke", 10**9 + 1, "--steps: .*steps: .*less than or equal to 1000000000"),
    ],
)
def test_steps_that_no_recipe_can_have_are_refused(name: str, steps: int, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        scaled(RECIPES[name], steps)
