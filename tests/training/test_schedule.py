"""Stages, learning rate and averaging, step by step."""

import pytest

from workbench.config.presets import RECIPES
from workbench.config.training import StageConfig, TrainingConfig
from workbench.training.schedule import (
    ema_decay,
    learning_rate,
    steps_from,
    steps_to_report,
)

STAGE = StageConfig(steps=10, hr_patch_px=64, batch_size=1, learning_rate=8.0, milestones=(3, 5))


@pytest.mark.parametrize(
    ("done", "rate"), [(0, 8.0), (2, 8.0), (3, 4.0), (4, 4.0), (5, 2.0), (9, 2.0)]
)
def test_the_halved_rate_acts_from_the_step_after_the_milestone(done: int, rate: float) -> None:
    assert learning_rate(STAGE, done) == rate


@pytest.mark.parametrize("done", [0, 1, 9, 10, 11, 13, 14])
def test_steps_resume_where_they_stopped(done: int) -> None:
    second = StageConfig(steps=4, hr_patch_px=64, batch_size=1, learning_rate=1.0)
    config = TrainingConfig(stages=(STAGE, second), validate_every=1, checkpoint_every=1)
    every = [(s.stage, s.local) for s in steps_from(config, 0)]
    assert every == [(int(t >= 10), t - 10 * (t >= 10)) for t in range(14)]
    assert [(s.stage, s.local) for s in steps_from(config, done)] == every[done:]


def test_the_average_warms_up_where_the_recipe_says_so() -> None:
    assert ema_decay(RECIPES["short"], 1) == pytest.approx(2 / 11)
    assert ema_decay(RECIPES["short"], 100_000) == 0.999
    assert ema_decay(RECIPES["factsheet"], 1) == 0.999


@pytest.mark.parametrize(
    ("done", "most", "steps"),
    [(0, 1, 1), (0, 100, 4), (3, 100, 1), (4, 100, 2), (6, 2, 2), (8, 100, 2), (10, 9, 2)],
)
def test_steps_run_at_once_to_the_next_validation_checkpoint_or_stage(
    done: int, most: int, steps: int
) -> None:
    second = StageConfig(steps=4, hr_patch_px=64, batch_size=1, learning_rate=1.0)
    config = TrainingConfig(stages=(STAGE, second), validate_every=4, checkpoint_every=6)
    assert steps_to_report(config, done, most) == steps
