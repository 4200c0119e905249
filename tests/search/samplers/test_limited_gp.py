"""The Gaussian process under a hard limit: the best networks lie at the limit."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.builders.samplers import (
    ONE,
    TWO,
    History,
    Values,
    optuna,
    play,
    prior,
    propose,
    replayed,
)
from workbench.search.objectives import Objective
from workbench.search.samplers import limited_gp
from workbench.search.samplers.limited_gp import LEAST_WITHIN, STARTUP
from workbench.spaces.space import SpaceFile

LINE = SpaceFile.parse(
    {
        "question": "Why?",
        "dimensions": {"x": {"kind": "floats", "low": 0, "high": 1}},
        "limits": {"parameters": 600},
    }
)


def distance(one: Mapping[str, Any]) -> float:
    """Return how far from the limit a network is: small ones do not show where it is."""
    return max(-0.25, float(one["x"]) / 0.6 - 1)


def rising(one: Mapping[str, Any]) -> Values | None:
    """Return a score that is the better the more parameters there are."""
    return None if distance(one) > 0 else (one["x"] ** 2,)


def rising_and_falling(one: Mapping[str, Any]) -> Values | None:
    return None if distance(one) > 0 else (one["x"] ** 2, one["x"])


def started(sampler: Any, outcome: Any = rising, *, rejected: Sequence[float] = ()) -> Any:
    """Let a sampler observe ten networks far within the limit, and some above it."""
    for place in range(STARTUP):
        known = prior(LINE, outcome({"x": 0.04 * place}) or (), x=0.04 * place)
        sampler.add_prior(
            known.model_copy(update={"slack": {"parameters": -distance({"x": 0.04 * place})}})
        )
    for number, x in enumerate(rejected, 1):
        at = prior(LINE, (), x=x)
        proposal = sampler.propose(number, 0, at_random=True)
        excess = {"parameters": distance({"x": x})}
        above = {"params": at.params, "overrides": {"x": x}, "excess": excess}
        proposal = proposal.model_copy(update={"rejected": "why", **above})
        sampler.add_proposed(proposal, at_random=True)
        sampler.add_observation(proposal, None)
    return sampler


@pytest.mark.parametrize("under_way", [0, 1])
@pytest.mark.parametrize(("objectives", "least"), [(ONE, 0.4), (TWO, 0.0)])
def test_it_looks_between_the_best_within_a_limit_and_the_first_above_it(
    objectives: Sequence[Objective], least: float, under_way: int
) -> None:
    """The score rises beyond 0.7, too. With the cost as an objective smaller ones are good."""
    outcome = rising if objectives is ONE else rising_and_falling
    sampler = started(optuna("gp", 0, LINE, objectives), outcome, rejected=[0.7, 0.8, 0.9, 1.0])
    for number in range(11, 11 + under_way):
        propose(sampler, outcome, number, distance)
    proposal, _ = propose(sampler, outcome, 20, distance)
    assert least < proposal.overrides["x"] < 0.7


def test_rejected_networks_teach_it_nothing_false_of_the_score() -> None:
    """If they had the mean score, the score would seem to fall towards the limit."""
    sampler = started(optuna("gp", 1, LINE), rejected=[0.61 + 0.01 * n for n in range(20)])
    found = play(sampler, rising, 2, distance=distance, history=History())
    assert max(p.overrides["x"] for p, _ in found.kept) > 0.57


@pytest.mark.parametrize(("above", "startup"), [(0, STARTUP), (3, 7), (30, LEAST_WITHIN)])
def test_networks_above_a_limit_count_among_those_drawn_at_random(above: int, startup: int) -> None:
    counted = [limited_gp.Counted({}, {"parameters": value}) for value in (-0.5, *[0.5] * above)]
    assert limited_gp.LimitedGPSampler(counted)._n_startup_trials == startup


def test_a_limit_is_modelled_from_the_latest_within_and_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limited_gp, "MOST_COUNTED", 2)
    found = [limited_gp.Counted({}, {"a": value}) for value in (-0.1, 0.1, 0.2, -0.2, 0.3, -0.3)]
    latest = limited_gp._latest(found, "a")
    assert [one.constraint_values["a"] for one in latest] == [-0.2, -0.3, 0.2, 0.3]


def test_a_search_that_was_killed_anywhere_proposes_the_same() -> None:
    whole = play(optuna("gp", 0, LINE), rising, 9, distance=distance)
    assert sum(values is None for values in whole.values) > 2
    for kill_at in (6, len(whole.proposals) - 1):
        before = History(whole.proposals[:kill_at], whole.values[:kill_at])
        sampler = replayed(optuna("gp", 0, LINE), before)
        assert propose(sampler, rising, kill_at + 1, distance)[0] == whole.proposals[kill_at]


def test_a_record_without_slack_is_read() -> None:
    """As 0.4.0 wrote it: only what is above a limit has its distance."""
    whole = play(optuna("random", 0, LINE), rising, 10, distance=distance)
    for place, proposal in enumerate(whole.proposals):
        whole.proposals[place] = proposal.model_copy(update={"slack": {}})
    found, values = propose(replayed(optuna("gp", 0, LINE), whole), rising, 40, distance)
    assert values is not None
    assert found.overrides["x"] > 0.4
