"""Verdicts of families with looks and with effects, from scores made by hand."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from workbench.analysis.judging import ArmScores, Difference, judge
from workbench.statistics.decision_rule import DecisionRule, FormerLook
from workbench.statistics.effects import Terms
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


def judged(
    scores: ArmScores, family: Mapping[str, Terms], rule: DecisionRule
) -> dict[str, Difference]:
    return judge({"Set5": scores}, family, rule)["Set5"]


def test_what_a_look_settles_is_not_looked_at_again() -> None:
    rule = DecisionRule(looks=LOOKS)
    first = judged(scored(3), FAMILY, rule)
    later = judged(scored(6), FAMILY, rule)
    assert first["far"].decision.verdict == later["far"].decision.verdict == "worse"
    assert later["far"].seeds == (1, 2, 3)
    assert first["near"].decision.verdict == "undecided"
    assert later["near"].seeds == (1, 2, 3, 4, 5, 6)


def test_each_look_has_its_own_share_of_the_error_rate() -> None:
    alpha = shares(0.05, (3, 6))
    found = judged(scored(6), FAMILY, DecisionRule(looks=LOOKS))
    for name, rate in (("far", alpha[0]), ("near", alpha[1])):
        estimate, interval = found[name].decision.estimate, found[name].decision.interval
        assert interval == pytest.approx(estimate.interval(1 - rate))


def test_a_look_waits_for_all_trials_that_it_needs() -> None:
    whole = scored(6)
    tried = {**whole.tried, "near": frozenset((1, 2, 3, 4))}
    found = judged(ArmScores(whole.scores, tried), FAMILY, DecisionRule(looks=LOOKS))
    assert found["near"].seeds == (1, 2, 3)


def test_a_seed_that_was_tried_and_gave_nothing_does_not_hold_up_a_look() -> None:
    whole = scored(6)
    scores = {**whole.scores, "near": {s: i for s, i in whole.scores["near"].items() if s != 2}}
    found = judged(ArmScores(scores, whole.tried), FAMILY, DecisionRule(looks=LOOKS))
    assert found["near"].seeds == (1, 3, 4, 5, 6)


def test_an_effect_is_judged_as_the_sum_that_it_is() -> None:
    family = {"both": {"far": 0.5, "near": 0.5, "base": -1.0}}
    found = judged(scored(6), family, DecisionRule())["both"]
    parts = judged(scored(6), FAMILY, DecisionRule())
    assert found.pair.delta == pytest.approx(
        (parts["far"].pair.delta + parts["near"].pair.delta) / 2
    )
    assert found.decision.verdict == "worse"


def test_settled_members_leave_their_share_to_the_others() -> None:
    """After the first look only one of two is left, so its p counts once."""
    found = judged(scored(6), FAMILY, DecisionRule(looks=LOOKS))
    assert found["far"].decision.sharing == 2
    assert found["near"].decision.sharing == 1
    assert found["near"].decision.p_holm == pytest.approx(found["near"].decision.p)
    assert (found["far"].look, found["near"].look) == (3, 6)
    assert found["near"].decision.alpha == pytest.approx(shares(0.05, (3, 6))[1])


def test_what_cannot_be_tested_at_one_look_is_judged_at_the_next() -> None:
    """Seed 1 diverged: at two seeds one is left; at four all say that it is worse."""
    whole = scored(8)
    far = {seed: images for seed, images in whole.scores["far"].items() if seed != 1}
    scores = ArmScores({**whole.scores, "far": far}, whole.tried)
    looks = tuple(tuple(range(1, most + 1)) for most in (2, 4, 8))
    first = judged(scores, FAMILY, DecisionRule(looks=looks[:1]))["far"]
    assert (first.decision.verdict, first.settled) == ("not testable", False)
    found = judged(scores, FAMILY, DecisionRule(looks=looks))["far"]
    assert found.decision.verdict == "worse"
    assert found.look in (4, 8)


def test_one_error_rate_over_all_data_sets() -> None:
    sets = {"Set5": scored(6), "Set14": scored(6)}
    each = judge(sets, FAMILY, DecisionRule())
    together = judge(sets, FAMILY, DecisionRule(scope="study"))
    for name in FAMILY:
        assert each["Set5"][name].decision.sharing == 2
        assert together["Set5"][name].decision.sharing == 4
        assert together["Set14"][name].decision.p == each["Set14"][name].decision.p
    near = together["Set5"]["near"].decision
    assert near.p_holm == pytest.approx(min(1.0, 4 * (near.p or 0.0)))


def test_a_study_whose_error_rate_is_spent_settles_nothing_more() -> None:
    """The verdicts of the earlier seeds stay; more seeds give a better estimate, and no verdict."""
    spent = FormerLook((1, 2, 3), 0.05, frozenset(FAMILY))
    rule = DecisionRule(former=(spent,))
    found = judged(scored(6), FAMILY, rule)
    assert (found["far"].decision.verdict, found["far"].seeds) == ("worse", (1, 2, 3))
    assert (found["near"].decision.verdict, found["near"].decision.alpha) == ("undecided", 0.0)
    assert found["near"].seeds == (1, 2, 3, 4, 5, 6)
    half = replace(rule, former=(replace(spent, alpha=0.02),))
    assert judged(scored(6), FAMILY, half)["near"].decision.alpha == pytest.approx(0.03)


def test_networks_that_were_passed_over_count_in_the_correction() -> None:
    alone = judged(scored(6), FAMILY, DecisionRule())["near"].decision
    one_of_many = judged(scored(6), FAMILY, DecisionRule(passed_over=10_000))["near"].decision
    assert alone.verdict == "better"
    assert one_of_many.verdict == "undecided"


def factorial(seeds: int, noise: float = 0.01, **shift: float) -> dict[str, Difference]:
    """Judge two factors, their interaction behind both, at looks after 3 and 6 seeds."""
    draw = np.random.default_rng(7)
    means = {"base": 0.0, "a": 0.0, "b": 0.0, "a+b": 0.0, **shift}
    scores = {
        arm: {
            seed: {f"i{image}": 30 + mean + noise * draw.standard_normal() for image in range(20)}
            for seed in range(1, seeds + 1)
        }
        for arm, mean in means.items()
    }
    family = {
        "A": {"base": -0.5, "a": 0.5, "b": -0.5, "a+b": 0.5},
        "B": {"base": -0.5, "a": -0.5, "b": 0.5, "a+b": 0.5},
        "A x B": {"base": 0.5, "a": -0.5, "b": -0.5, "a+b": 0.5},
    }
    done = ArmScores(scores, {arm: frozenset(found) for arm, found in scores.items()})
    behind = {"A x B": (("A", "B"),)}
    return judge({"Set5": done}, family, DecisionRule(looks=LOOKS), behind)["Set5"]


def test_an_interaction_is_tested_once_both_main_effects_differ() -> None:
    found = factorial(3, a=-0.5, b=-0.3, **{"a+b": -0.5})
    assert [one.decision.verdict for one in found.values()] == ["worse", "worse", "better"]
    assert found["A x B"].behind == (("A", "B"),)
    assert not any(one.decision.closed for one in found.values())


def test_an_interaction_behind_an_equivalent_main_effect_is_not_tested() -> None:
    """A is 0 in the mean: half a dB up beside one setting of B, down beside the other."""
    found = factorial(6, a=0.5, b=-0.5, **{"a+b": -1.0})
    assert found["A"].decision.verdict == "equivalent"
    assert found["B"].decision.verdict == "worse"
    crossed = found["A x B"]
    assert crossed.decision.closed
    assert crossed.shut
    assert crossed.decision.verdict == "undecided"
    assert crossed.decision.p is not None
    assert crossed.decision.p < 1e-6
    assert crossed.decision.more is None


def test_the_gate_that_one_look_opened_is_open_at_the_next() -> None:
    first = factorial(3, 0.1, a=-0.5, b=-0.3, **{"a+b": -0.78})
    assert first["A x B"].decision.verdict == "undecided"
    later = factorial(6, 0.1, a=-0.5, b=-0.3, **{"a+b": -0.78})
    assert [later[name].seeds for name in ("A", "B")] == [(1, 2, 3), (1, 2, 3)]
    assert later["A x B"].seeds == (1, 2, 3, 4, 5, 6)
    assert not later["A x B"].decision.closed
