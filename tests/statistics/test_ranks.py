"""Rank correlations with their intervals, regret, and what seeds let them reach."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from workbench.statistics.ranks import (
    PartialCorrelation,
    RankCorrelation,
    partial_correlation,
    rank_correlation,
    regret,
    seed_ceiling,
)

UP = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def tau_of(one: NDArray[np.float64], other: NDArray[np.float64]) -> RankCorrelation:
    found = rank_correlation(one.tolist(), other.tolist())
    assert found is not None
    return found


def partial_of(*columns: NDArray[np.float64]) -> PartialCorrelation:
    one, other, fixed = (column.tolist() for column in columns)
    found = partial_correlation(one, other, fixed)
    assert found is not None
    return found


def test_tau_counts_the_pairs_in_order() -> None:
    found = rank_correlation(UP, [1.0, 2.0, 3.0, 4.0, 6.0, 5.0])
    assert found is not None
    assert found.tau == pytest.approx((14 - 1) / 15)
    assert found.count == 6
    low, high = found.interval()
    assert -1 < low < found.tau < high < 1
    assert low < 0.5  # six networks say little
    assert RankCorrelation(found.tau, 200).interval()[0] > 0.8


def test_tau_of_ties_is_scipys() -> None:
    draw = np.random.default_rng(0)
    one, other = draw.integers(0, 5, 30).astype(float), draw.integers(0, 5, 30).astype(float)
    assert tau_of(one, other).tau == pytest.approx(stats.kendalltau(one, other).statistic)


@pytest.mark.parametrize("count", [5, 6, 8, 13])
def test_a_perfect_tau_has_a_lower_bound_that_luck_rarely_reaches(count: int) -> None:
    low, high = RankCorrelation(1.0, count).interval()
    assert high == 1.0
    draw, rho, repeats = np.random.default_rng(0), np.sin(np.pi * low / 2), 1_000
    x = draw.normal(size=(repeats, count))
    y = rho * x + np.sqrt(1 - rho**2) * draw.normal(size=(repeats, count))
    perfect = (x.argsort(1) == y.argsort(1)).all(1).mean()
    assert perfect < 0.035  # 0.025 and two standard errors


@pytest.mark.parametrize(
    ("one", "other"), [(UP[:4], UP[:4]), (UP, [1.0] * 6), ([2.0] * 6, UP), ([], [])]
)
def test_too_few_or_equal_ones_have_no_correlation(one: list[float], other: list[float]) -> None:
    assert rank_correlation(one, other) is None
    assert partial_correlation(one, other, list(reversed(one))) is None


@pytest.mark.parametrize(("true", "count"), [(0.3, 13), (0.8, 8), (0.9, 13), (0.9, 40)])
def test_the_interval_holds_the_true_tau_about_as_often_as_it_says(true: float, count: int) -> None:
    rho, draw = np.sin(np.pi * true / 2), np.random.default_rng(0)
    held, repeats = 0, 300
    for _ in range(repeats):
        x = draw.normal(size=count)
        y = rho * x + np.sqrt(1 - rho**2) * draw.normal(size=count)
        low, high = tau_of(x, y).interval()
        held += low <= true <= high
    assert 0.92 < held / repeats < 0.995


def test_what_only_counts_parameters_knows_nothing_beyond_them() -> None:
    draw, repeats = np.random.default_rng(1), 200
    found, held = [], 0
    for _ in range(repeats):
        size = draw.normal(size=30)
        score, rung = size + draw.normal(size=30), size + draw.normal(size=30)
        partial = partial_of(rung, score, size)
        low, high = partial.interval()
        held += low <= 0 <= high
        found.append(partial.rho)
    assert abs(np.mean(found)) < 0.03  # partial tau has 0.1 to 0.2 here
    assert 0.91 < held / repeats < 0.98


def test_what_is_known_beyond_parameters_is_found() -> None:
    draw = np.random.default_rng(2)
    size, beyond = draw.normal(size=300), draw.normal(size=300)
    partial = partial_of(size + beyond, size + beyond + 0.2 * draw.normal(size=300), size)
    low, high = partial.interval()
    assert 0.85 < low < partial.rho < high < 1


def test_a_third_quantity_that_says_nothing_or_all() -> None:
    other = [1.0, 2.0, 3.0, 4.0, 6.0, 5.0]
    alike = partial_correlation(UP, other, [1.0] * 6)
    assert alike is not None
    assert alike.rho == pytest.approx(stats.spearmanr(UP, other).statistic)
    assert partial_correlation(UP, other, UP) is None
    perfect = PartialCorrelation(1.0, 8).interval()
    assert perfect[0] < 0.95
    assert perfect[1] == 1.0


def test_weights_undo_that_the_worse_ones_are_missing() -> None:
    """A rung stops half of 40, and a fifth of those is audited; tau is 0.68 over all."""
    draw, rho, true = np.random.default_rng(3), np.sin(np.pi * 0.68 / 2), 0.68
    survivors, weighted, held = [], [], 0
    for _ in range(200):
        x = draw.normal(size=40)
        y = rho * x + np.sqrt(1 - rho**2) * draw.normal(size=40)
        good = x > np.median(x)
        ended = good | (draw.random(40) < 0.2)
        survivors.append(tau_of(x[good], y[good]).tau)
        found = rank_correlation(
            x[ended].tolist(), y[ended].tolist(), np.where(good, 1, 5)[ended].tolist()
        )
        assert found is not None
        weighted.append(found.tau)
        low, high = found.interval()
        held += low <= true <= high
    assert np.mean(survivors) < 0.56
    assert np.mean(weighted) == pytest.approx(true, abs=0.05)
    assert held / 200 > 0.9


def test_regret_is_what_the_picked_ones_miss() -> None:
    estimate, quality = [3.0, 2.0, 1.0, 0.0], [30.1, 30.4, 30.5, 30.0]
    assert regret(estimate, quality, 1) == pytest.approx(0.4)
    assert regret(estimate, quality, 2) == pytest.approx(0.1)
    assert regret(estimate, quality, 3) == 0.0


@pytest.mark.parametrize("spread", [0.02, 0.2])
def test_the_ceiling_is_the_tau_of_two_searches_under_other_seeds(spread: float) -> None:
    draw, noise, taus, ceilings = np.random.default_rng(4), 0.02, [], []
    for _ in range(60):
        true = spread * draw.normal(size=(40, 1))
        one, other = (true + noise * draw.normal(size=(40, 3)) for _ in range(2))
        taus.append(tau_of(one.mean(1), other.mean(1)).tau)
        found = seed_ceiling(one + np.array([0.0, 0.5, -0.3]))  # seeds are the same for all
        assert found is not None
        ceilings.append(found)
    assert np.mean(ceilings) == pytest.approx(np.mean(taus), abs=0.03)


def test_one_seed_or_few_networks_have_no_ceiling() -> None:
    assert seed_ceiling(np.zeros((9, 1))) is None
    assert seed_ceiling(np.zeros((4, 3))) is None
    assert seed_ceiling(np.zeros((9, 3))) is None


@pytest.mark.parametrize("count", [10, 30, 65])
def test_p_is_below_the_level_where_zero_is_outside_of_the_interval(count: int) -> None:
    for tau in np.linspace(-0.9, 0.9, 37):
        found = RankCorrelation(float(tau), count)
        low, high = found.interval()
        assert (found.p_value() < 0.05) == (not low <= 0 <= high), tau


def test_p_is_near_the_exact_one() -> None:
    draw = np.random.default_rng(4)
    for _ in range(5):
        one, other = draw.normal(size=20), draw.normal(size=20)
        exact = stats.kendalltau(one, other, method="exact").pvalue
        assert tau_of(one, other).p_value() == pytest.approx(exact, abs=0.02)


def test_p_at_a_fixed_quantity_holds_its_level() -> None:
    draw = np.random.default_rng(5)
    fixed = draw.normal(size=40)
    small = [
        partial_of(fixed + draw.normal(size=40), fixed + draw.normal(size=40), fixed).p_value()
        for _ in range(400)
    ]
    assert 0.02 < np.mean(np.array(small) < 0.05) < 0.085
    related = fixed + draw.normal(size=40)
    assert partial_of(related, related + 0.1 * fixed, fixed).p_value() < 1e-6
