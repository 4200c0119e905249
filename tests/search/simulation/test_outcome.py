"""Regret against cost, the exact expectation of uniform draws, and samplers against each other."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from tests.builders.simulated import CHOICES, searched, table
from workbench.search.simulation.networks import SearchedTable, TableNetwork
from workbench.search.simulation.outcome import Simulation
from workbench.search.simulation.repetition import (
    Pick,
    Repetition,
    SimulatedSettings,
    simulate_once,
)
from workbench.statistics.decision_rule import DecisionRule
from workbench.statistics.estimate import estimate


def noisy(overrides: Mapping[str, Any], seed: int) -> float:
    """Return seed noise as large as the difference of several networks."""
    return 0.05 * float(np.random.default_rng([overrides["model.channels"], seed]).normal())


def simulated(
    found: SearchedTable, samplers: Mapping[str, int], trials: int, **settings: Any
) -> Simulation:
    """Return a simulation with so many repetitions of each sampler."""
    common = SimulatedSettings(trials, **settings)
    made = {
        name: tuple(simulate_once(found, name, common, n) for n in range(repeats))
        for name, repeats in samplers.items()
    }
    return Simulation(found, common, made, max(samplers.values()), DecisionRule())


@pytest.mark.parametrize("with_baseline", [True, False])
def test_the_expected_regret_of_uniform_draws_is_that_over_all_draws(with_baseline: bool) -> None:
    channels = range(4, 11) if with_baseline else (4, 5, 6, 9, 10, 11)
    few = [{"model.channels": c} for c in channels]
    found = searched(table(CHOICES, seed_db=noisy, networks=few))
    made = Simulation(found, SimulatedSettings(trials=5), {}, 2, DecisionRule())
    first = [found.baseline] if found.baseline else []
    others = [one for one in found.networks if one not in first]

    def regret(drawn: list[TableNetwork], seed: int) -> float:
        pick = max(drawn, key=lambda one: one.scores[seed])
        return found.best().quality - pick.quality

    exact = []
    for count in range(1, 6):
        sets = combinations(others, count - len(first))
        exact.append(np.mean([regret([*first, *s], seed) for s in sets for seed in (1, 2)]))
    assert [steps for steps, _ in made.uniform()] == [120, 240, 360, 480, 600]
    assert [value for _, value in made.uniform()] == pytest.approx(exact)


def test_random_search_has_the_regret_of_uniform_draws() -> None:
    found = searched(table(CHOICES, seed_db=noisy))
    made = simulated(found, {"random": 60}, 6, batch=1)
    for steps, expected in made.uniform():
        point = made.point("random", steps)
        assert point is not None
        spread = np.ptp(point.interval) / 2
        # Networks of equal distance are drawn evenly: within two intervals of the exact value.
        assert abs(point.mean - expected) <= 2 * spread + 1e-12
    first, last = made.uniform()[0][1], made.uniform()[-1][1]
    assert last < 0.8 * first


def repetition(number: int, *picks: tuple[int, TableNetwork]) -> Repetition:
    made = tuple(Pick(steps, network) for steps, network in picks)
    return Repetition(number, 1, made, 2_400, 20, 20)


def made_up(found: SearchedTable, picks: Mapping[str, list[str]]) -> Simulation:
    """Return a simulation in which the samplers pick networks of these names at the end."""
    by_name = {one.name: one for one in found.networks}
    repetitions = {
        sampler: tuple(repetition(n, (120, by_name[name])) for n, name in enumerate(names))
        for sampler, names in picks.items()
    }
    return Simulation(found, SimulatedSettings(trials=10), repetitions, 6, DecisionRule())


def test_a_curve_begins_where_every_repetition_has_finished_a_network() -> None:
    found = searched(table(CHOICES))
    worst, best = found.networks[0], found.networks[-1]
    repetitions = (
        repetition(0, (120, worst), (600, best)),
        repetition(1, (240, worst)),
    )
    made = Simulation(found, SimulatedSettings(trials=20), {"tpe": repetitions}, 2, DecisionRule())
    curve = made.curve("tpe")
    assert (curve[0].steps, curve[-1].steps) == (240, 2_400)
    assert curve[0].mean == pytest.approx(0.19)
    assert curve[-1].mean == pytest.approx(0.095)
    assert curve[-1].quantiles == pytest.approx((0.019, 0.095, 0.171))
    assert curve[0].interval == pytest.approx((0.19, 0.19))
    assert np.isnan(made.regrets("tpe", 200)).tolist() == [False, True]


def test_the_interval_of_a_point_is_that_of_the_mean_over_the_repetitions() -> None:
    found = searched(table(CHOICES))
    names = ["v02", "v05", "v08", "v11", "v14", "v17"]
    made = made_up(found, {"random": names})
    point = made.point("random", 120)
    assert point is not None
    expected = estimate(made.regrets("random", 120)[:, None])
    assert point.mean == pytest.approx(expected.mean)
    assert point.interval == pytest.approx(expected.interval(0.95))


def test_samplers_are_paired_over_repetitions() -> None:
    found = searched(table(CHOICES))
    # The repetitions differ by far more than the samplers in each of them.
    names = ["v02", "v05", "v08", "v11", "v14", "v17"]
    better = ["v04", "v07", "v10", "v13", "v17", "v19"]
    made = made_up(found, {"tpe": better, "random": names})
    decision = made.against_reference("tpe")
    assert decision is not None
    assert decision.verdict == "better"
    assert decision.estimate.mean == pytest.approx(0.02 + 0.01 / 6)
    assert made.against_reference("random") is None


def test_equal_samplers_are_equivalent_and_pairs_share_the_error_rate() -> None:
    found = searched(table(CHOICES))
    same = ["v02", "v05", "v08", "v11", "v14", "v17"]
    made = made_up(found, {"tpe": same, "nsga2": same, "random": same})
    assert {pair: d.verdict for pair, d in made.comparisons.items()} == {
        ("tpe", "nsga2"): "equivalent",
        ("tpe", "random"): "equivalent",
        ("nsga2", "random"): "equivalent",
    }
    assert {d.sharing for d in made.comparisons.values()} == {3}
