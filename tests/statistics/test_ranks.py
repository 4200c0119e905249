"""Kendall's tau with its interval, and with a third quantity held fixed."""

import numpy as np
import pytest

from workbench.statistics.ranks import RankCorrelation, partial_tau, rank_correlation

UP = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_tau_counts_the_pairs_in_order() -> None:
    found = rank_correlation(UP, [1.0, 2.0, 3.0, 4.0, 6.0, 5.0])
    assert found is not None
    assert found.tau == pytest.approx((14 - 1) / 15)
    assert found.count == 6
    low, high = found.interval()
    assert -1 < low < found.tau < high < 1
    assert low < 0.5  # six networks say little
    assert RankCorrelation(found.tau, 200).interval()[0] > 0.8
    assert RankCorrelation(1.0, 6).interval() == (1.0, 1.0)


@pytest.mark.parametrize(
    ("one", "other"), [(UP[:4], UP[:4]), (UP, [1.0] * 6), ([2.0] * 6, UP), ([], [])]
)
def test_too_few_or_equal_ones_have_no_tau(one: list[float], other: list[float]) -> None:
    assert rank_correlation(one, other) is None
    assert partial_tau(one, other, list(reversed(one))) is None


@pytest.mark.parametrize(("true", "count"), [(0.3, 13), (0.6, 13), (0.6, 60)])
def test_the_interval_holds_the_true_tau_about_as_often_as_it_says(true: float, count: int) -> None:
    rho, draw = np.sin(np.pi * true / 2), np.random.default_rng(0)
    held, repeats = 0, 600
    for _ in range(repeats):
        x = draw.normal(size=count)
        y = rho * x + np.sqrt(1 - rho**2) * draw.normal(size=count)
        found = rank_correlation(x.tolist(), y.tolist())
        assert found is not None
        low, high = found.interval()
        held += low <= true <= high
    assert 0.92 < held / repeats < 0.985


def test_what_only_counts_parameters_knows_nothing_beyond_them() -> None:
    draw = np.random.default_rng(1)
    size = draw.normal(size=400)
    score, rung = size + draw.normal(size=400), size + draw.normal(size=400)
    plain = rank_correlation(rung.tolist(), score.tolist())
    assert plain is not None
    assert plain.tau > 0.25
    beyond = partial_tau(rung.tolist(), score.tolist(), size.tolist())
    assert beyond is not None
    assert abs(beyond) < 0.12
    assert partial_tau(rung.tolist(), score.tolist(), [1.0] * 400) == plain.tau
    assert partial_tau(UP, [1.0, 2.0, 3.0, 4.0, 6.0, 5.0], UP) is None
