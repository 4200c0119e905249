"""How many steps two trainings have in common, against a comparison step by step."""

import pytest

from workbench.config.overrides import apply_overrides
from workbench.config.training import StageConfig, TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.store.keys import DataHashes, trial_key
from workbench.store.prefixes import PrefixKey, shared_steps
from workbench.training.schedule import learning_rate, steps_from

FIRST = StageConfig(steps=20, hr_patch_px=60, batch_size=2, learning_rate=1e-3, milestones=(8, 14))
NEXT = StageConfig(steps=6, hr_patch_px=60, batch_size=2, learning_rate=5e-4, loss="l2")


def changed(stage: StageConfig, **fields: object) -> StageConfig:
    return apply_overrides(stage, fields)


RECIPES = {
    "itself": (FIRST,),
    "longer": (changed(FIRST, steps=30),),
    "another milestone": (changed(FIRST, milestones=[8, 15]),),
    "one milestone less": (changed(FIRST, milestones=[8]),),
    "no milestones": (changed(FIRST, milestones=[]),),
    "longer, halved later": (changed(FIRST, steps=30, milestones=[8, 14, 25]),),
    "another rate": (changed(FIRST, learning_rate=2e-3),),
    "another batch": (changed(FIRST, batch_size=4),),
    "a second stage": (FIRST, NEXT),
    "another second stage": (FIRST, changed(NEXT, loss="l1")),
    "a second stage, longer": (FIRST, changed(NEXT, steps=9)),
    "a third stage": (FIRST, NEXT, NEXT),
    "a second stage sooner": (changed(FIRST, steps=16), NEXT),
}


def recipe(stages: tuple[StageConfig, ...]) -> TrainingConfig:
    return TrainingConfig(stages=stages, validate_every=5, checkpoint_every=5)


def step_by_step(one: TrainingConfig, other: TrainingConfig) -> int:
    """Count the steps until the first that is not done alike."""
    count = 0
    for first, second in zip(steps_from(one, 0), steps_from(other, 0), strict=False):
        alike = [
            (s.stage, s.local, learning_rate(s.config, s.local), s.config.loss,
             s.config.batch_size, s.config.hr_patch_px)
            for s in (first, second)
        ]  # fmt: skip
        if alike[0] != alike[1]:
            break
        count += 1
    return count


def prefix(trial: TrialConfig, training: TrainingConfig) -> PrefixKey:
    hashes = DataHashes(training={"photos": "a"}, validation="b", benchmarks={"photos": "c"})
    return trial_key(trial.model_copy(update={"training": training}), hashes).prefix


@pytest.mark.parametrize("one", RECIPES)
@pytest.mark.parametrize("other", RECIPES)
def test_the_steps_in_common_are_those_that_are_done_alike(
    tiny_trial: TrialConfig, one: str, other: str
) -> None:
    first, second = recipe(RECIPES[one]), recipe(RECIPES[other])
    stages = [prefix(tiny_trial, training).stages for training in (first, second)]
    assert shared_steps(*stages) == step_by_step(first, second)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"model.channels": 12},
        {"training.ema_decay": 0.9},
        {"training.validate_every": 4},
        {"training.adam_betas": [0.9, 0.999]},
        {"training.threads": 2},
    ],
    ids=str,
)
def test_all_else_must_be_the_same(tiny_trial: TrialConfig, change: dict[str, object]) -> None:
    here = prefix(tiny_trial, tiny_trial.training)
    other = apply_overrides(tiny_trial, change)
    assert prefix(other, other.training).hash != here.hash
    longer = apply_overrides(tiny_trial, {"training.stages.0.steps": 40})
    assert prefix(longer, longer.training).hash == here.hash


def test_one_goes_on_at_a_step_in_common_where_the_curve_is_the_same_too(
    tiny_trial: TrialConfig,
) -> None:
    long = prefix(tiny_trial, recipe(RECIPES["longer"]))
    here = prefix(tiny_trial, recipe(RECIPES["itself"])).stages
    assert [step for step in range(40) if long.can_resume_from(here, step)] == list(range(1, 21))
    # At its end, which is no multiple of 5, the other one was validated once more.
    odd = prefix(tiny_trial, recipe((changed(FIRST, steps=18),))).stages
    assert [step for step in range(40) if long.can_resume_from(odd, step)] == list(range(1, 18))
    assert not prefix(tiny_trial, recipe(RECIPES["another rate"])).can_resume_from(here, 5)
