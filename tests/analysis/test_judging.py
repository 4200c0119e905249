"""Verdicts of families with looks and with effects, from scores made by hand."""

import numpy as np
import pytest

from workbench.analysis.judging import ArmScores, judge
from workbench.statistics.decision_rule import DecisionRule
from workbench.statistics.sequential import shares

LOOKS = ((1, 2, 3), (1, 2, 3, 4, 5, 6))
FAMILY = {name: {name: 1.0, "base": -1.0} for name in ("far", "near")}


def scored(seeds: int, images: int = 40) -> ArmScores:
    """A base, one variant that is much worse, and one that is hard to tell from it."""
    draw = np.random.default_rng(5)
    shift = {"base": 0.0, "far": -1.0, "near": 0.03}
    scores = {
        arm: {
            seed: {
                f"i{image}": 30 + shift[arm] + 0.05 * draw.standard_normal()
                for image in range(images)
            }
            for seed in range(1, seeds + 1)
        }
        for arm in shift
    }
    return ArmScores(scores, {arm: frozenset(found) for arm, found in scores.items()})


def test_what_a_look_settles_is_not_looked_at_again() -> None:
    rule = DecisionRule(looks=LOOKS)
    first = judge(scored(3), FAMILY, rule)
    later = judge(scored(6), FAMILY, rule)
    assert first["far"].decision.verdict == later["far"].decision.verdict == "worse"
    assert later["far"].seeds == (1, 2, 3)
    assert first["near"].decision.verdict == "undecided"
    assert later["near"].seeds == (1, 2, 3, 4, 5, 6)


def test_each_look_has_its_own_share_of_the_error_rate() -> None:
    alpha = shares(0.05, (3, 6))
    found = judge(scored(6), FAMILY, DecisionRule(looks=LOOKS))
    for name, rate in (("far", alpha[0]), ("near", alpha[1])):
        estimate, interval = found[name].decision.estimate, found[name].decision.interval
        assert interval == pytest.approx(estimate.interval(1 - rate))


def test_a_look_waits_for_all_trials_that_it_needs() -> None:
    whole = scored(6)
    tried = {**whole.tried, "near": frozenset((1, 2, 3, 4))}
    found = judge(ArmScores(whole.scores, tried), FAMILY, DecisionRule(looks=LOOKS))
    assert found["near"].seeds == (1, 2, 3)


def test_a_seed_that_was_tried_and_gave_nothing_does_not_hold_up_a_look() -> None:
    whole = scored(6)
    scores = {**whole.scores, "near": {s: i for s, i in whole.scores["near"].items() if s != 2}}
    found = judge(ArmScores(scores, whole.tried), FAMILY, DecisionRule(looks=LOOKS))
    assert found["near"].seeds == (1, 3, 4, 5, 6)


def test_an_effect_is_judged_as_the_sum_that_it_is() -> None:
    family = {"both": {"far": 0.5, "near": 0.5, "base": -1.0}}
    found = judge(scored(6), family, DecisionRule())["both"]
    parts = judge(scored(6), FAMILY, DecisionRule())
    assert found.pair.delta == pytest.approx(
        (parts["far"].pair.delta + parts["near"].pair.delta) / 2
    )
    assert found.decision.verdict == "worse"
