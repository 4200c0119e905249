"""Plans: which arms, which seeds, and what cannot be compared."""

import pytest

from tests.builders.variants import variant
from workbench.ablation.variant import Variant, find_variants
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import make_plan


def test_all_arms_of_a_seed_come_before_the_next_seed(tiny_trial: TrialConfig) -> None:
    plan = make_plan("study", "tiny", tiny_trial, find_variants(["no-lvar", "se"]), [5, 2])
    assert plan.base.name == "tiny"
    assert [(arm.name, seed) for arm, seed in plan.trials()] == [
        *(("tiny", 5), ("no-lvar", 5), ("se", 5)),
        *(("tiny", 2), ("no-lvar", 2), ("se", 2)),
    ]


def test_the_seed_is_all_that_differs_within_an_arm(tiny_trial: TrialConfig) -> None:
    plan = make_plan("study", "tiny", tiny_trial, find_variants(["no-lvar"]), [1, 9])
    arm = plan.arms[1]
    assert [arm.with_seed(seed).seed for seed in plan.seeds] == [1, 9]
    assert arm.with_seed(9).model_copy(update={"seed": arm.config.seed}) == arm.config


@pytest.mark.parametrize(
    ("made", "seeds", "text"),
    [
        (variant("same", channels=8), [1], "variant 'same' changes nothing on tiny"),
        (variant("twin", distilled_fraction=0.53), [1], "variant 'twin' changes nothing on tiny"),
        (variant("tiny", channels=12), [1], "variant 'tiny' has the name of the base"),
        (variant("x2", scale=2), [1], "changes how scores are made"),
        (variant("wide", channels=12), [3, 3], r"--seeds must not repeat a seed, got \[3, 3\]"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    made: Variant, seeds: list[int], text: str, tiny_trial: TrialConfig
) -> None:
    with pytest.raises(ConfigError, match=text):
        make_plan("study", "tiny", tiny_trial, [made], seeds)
