"""Sentences about verdicts: error rates, remedies, and what to doubt."""

from dataclasses import replace

import numpy as np
import pytest

from tests.builders.comparisons import scored
from workbench.analysis.comparison import Comparison, compare
from workbench.analysis.judging import Difference
from workbench.reporting.exports import export
from workbench.reporting.json_data import comparison_to_dict
from workbench.reporting.page.answers import answer_text
from workbench.reporting.page.tables import tables
from workbench.reporting.verdict_texts import (
    can_look,
    decision_texts,
    error_rate_text,
    margin_text,
    population_text,
    remedies_text,
    remedy_text,
    unscored_text,
)
from workbench.results import TrialState
from workbench.statistics.decision_rule import DecisionRule
from workbench.statistics.effects import Effect

SHIFTS = {"tiny": 0.0, "near": 0.03, "same": 0.0}


def compared(
    rule: DecisionRule | None = None, against: dict[str, str] | None = None, images: int = 20
) -> Comparison:
    """Three seeds of a base, of a variant that is undecided, and of one that is equivalent."""
    draw = np.random.default_rng(1)
    spread = {"tiny": 0.0, "near": 0.02, "same": 0.0}
    arms = {}
    for name, shift in SHIFTS.items():
        seeds = []
        for seed in (1, 2, 3):
            moved = shift + spread[name] * draw.standard_normal()
            db = [30 + moved + 0.1 * image for image in range(images)]
            seeds.append(scored(f"{name}{seed}", seed, {"Set5": db, "Set14": db}))
        arms[name] = seeds
    lost = scored("lost", 4, {"Set5": [0.0]}, state=TrialState.DIVERGED, reason="nan")
    arms["same"] = [*arms["same"], lost]
    return compare(arms, {}, against, rule)


def test_the_error_rate_names_what_it_holds_for() -> None:
    each, together = compared(), compared(DecisionRule(scope="study"))
    assert "all verdicts of a data set (2 comparisons), and up to 2 times" in error_rate_text(each)
    assert "all verdicts of the study (2 comparisons on 2 data sets)" in error_rate_text(together)
    assert "±0.02 dB, with the 90 % interval" in margin_text(DecisionRule())
    assert margin_text(DecisionRule(margin_db=0.0)) == "with margin 0 nothing is called equivalent"


def crossed() -> Comparison:
    """Two factors whose effects cancel out in the mean, so that one of them seems to be equal."""
    draw = np.random.default_rng(2)
    shifts = {"base": 0.0, "a": 0.5, "b": -0.5, "a+b": -1.0}
    arms = {
        name: [
            scored(f"{name}{s}", s, {"Set5": list(30 + shift + 0.01 * draw.standard_normal(20))})
            for s in (1, 2, 3)
        ]
        for name, shift in shifts.items()
    }
    half = {"base": -0.5, "a": 0.5, "b": -0.5, "a+b": 0.5}
    effects = [
        Effect("main effect a", half),
        Effect("main effect b", {"base": -0.5, "a": -0.5, "b": 0.5, "a+b": 0.5}),
        Effect(
            "a x b",
            {"base": 0.5, "a": -0.5, "b": -0.5, "a+b": 0.5},
            behind=(("main effect a", "main effect b"),),
        ),
    ]
    return compare(arms, {}, {}, effects=effects)


def test_an_interaction_that_was_not_tested_says_so_everywhere() -> None:
    comparison = crossed()
    difference = comparison.judged("Set5")[-1].difference
    text = "not tested: main effect a and main effect b must both differ first"
    assert remedy_text(difference) == text
    assert "an interaction once both of its main effects differ" in error_rate_text(comparison)
    *_, effect = comparison_to_dict(comparison)["effects"]
    assert effect["tested_behind"] == [["main effect a", "main effect b"]]
    assert effect["datasets"]["Set5"]["delta_psnr_rgb_db"]["tested"] is False
    assert b"undecided, not tested" in export(comparison, "markdown")
    assert "not tested" in "".join(tables(comparison, "Set5"))


def test_the_answer_of_an_equivalent_difference_names_its_confidence() -> None:
    judged = compared().judged("Set5")[1]
    assert "], 90 % interval; equivalent within ±0.02 dB" in answer_text(judged, 0.02, "at 8 steps")


def test_an_undecided_difference_says_what_to_plan() -> None:
    comparison = compared()
    near, same = comparison.judged("Set5")
    assert near.difference.decision.verdict == "undecided"
    text = remedy_text(near.difference)
    more = near.difference.decision.more
    assert more is not None
    assert f"(odds {100 * more.odds:.0f} %)" in text
    assert f"plan the next one as --seeds 3..{3 + more.seeds}" in text
    assert remedy_text(near.difference, looks=False).endswith(f"--seeds {3 + more.seeds}")
    assert can_look(comparison)
    assert not can_look(compared(against={"near": "tiny", "same": "near"}))
    assert same.difference.decision.verdict == "equivalent"


def test_an_equivalent_difference_shows_the_test_that_it_rests_on() -> None:
    _, same = compared().judged("Set5")
    found = same.difference.decision
    assert found.p_equivalence_holm is not None
    assert found.p_equivalence_holm <= 0.05
    assert found.equivalence_interval == pytest.approx(found.estimate.interval(0.9))
    assert decision_texts(same.difference)[1] == "<.001"


def test_trials_without_a_score_are_not_passed_over() -> None:
    comparison = compared()
    near, same = comparison.judged("Set5")
    assert unscored_text(comparison, near) == ""
    assert unscored_text(comparison, same) == "without 1 of 4 trials of same (no score)"


def test_one_image_is_no_sample_of_images() -> None:
    assert population_text(compared()) == "new seeds and new images"
    assert population_text(compared(images=1)) == "new seeds, on this one image"


def test_what_would_settle_many_differences_is_one_sentence() -> None:
    near = compared().judged("Set5")[0].difference
    more = near.decision.more
    assert more is not None

    def other(seeds: int | None, *, closed: bool = False, left: float = 0.0) -> Difference:
        wanted = None if seeds is None else replace(more, seeds=seeds)
        decision = replace(near.decision, more=wanted, closed=closed)
        return replace(near, decision=decision, left=left)

    assert remedies_text([other(4), other(9), other(None), other(2, closed=True)]) == (
        "4 comparisons are undecided or unclear; about 4 to 9 more seeds would settle 2; "
        "more images may settle 1; 1 interaction not tested; this study has spent its error rate, "
        "so plan the next one with them"
    )
    assert remedies_text([other(7, left=0.01), other(7)]) == (
        "2 comparisons are undecided or unclear; about 7 more seeds would settle 2"
    )
    assert remedies_text([other(None), other(None)]) == (
        "2 comparisons are undecided or unclear; more seeds alone would settle none, "
        "more images may settle 2"
    )
