"""Means over drawn orders: the drawing is in the error."""

import numpy as np
import pytest

from workbench.statistics.estimate import estimate
from workbench.statistics.orders import OrdersError, over_orders
from workbench.statistics.simulation import Truth, simulate


@pytest.mark.parametrize("pairs", [2, 4])
def test_the_interval_covers_the_mean_over_all_orders(pairs: int) -> None:
    """Pairs of orders differ by 0.02 dB, which the interval over seeds and images does not see."""
    draw, repeats, covered, ignored = np.random.default_rng(pairs), 300, 0, 0
    for _ in range(repeats):
        values = draw.normal(0.0, 0.02, pairs)
        truth = Truth(effect=values.mean(), seed_sd=0.01, image_sd=0.02, noise_sd=0.01)
        found = estimate(simulate(truth, 4, 20, draw))
        whole = over_orders(found, values.tolist())
        assert whole.error is not None
        assert found.error is not None
        covered += abs(whole.mean) <= whole.error.half_width(0.05)
        ignored += abs(found.mean) <= found.error.half_width(0.05)
    assert covered / repeats >= 0.93
    assert ignored / repeats <= 0.85


def test_p_is_the_error_rate_whose_interval_ends_there() -> None:
    found = estimate(simulate(Truth(effect=0.02), 4, 20, np.random.default_rng(1)))
    error = over_orders(found, [0.01, 0.03, 0.02]).error
    assert isinstance(error, OrdersError)
    for alpha in (0.5, 0.05, 0.001):
        assert error.p(error.half_width(alpha)) == pytest.approx(alpha, rel=1e-4)
    assert error.p(0.0) == 1.0


def test_orders_that_agree_add_nothing() -> None:
    found = estimate(simulate(Truth(effect=0.02), 4, 20, np.random.default_rng(1)))
    whole = over_orders(found, [0.02, 0.02])
    assert whole.error is not None
    assert found.error is not None
    assert whole.error.half_width(0.05) == pytest.approx(found.error.half_width(0.05))


def test_one_pair_of_orders_tests_nothing() -> None:
    found = over_orders(estimate(np.full((3, 4), 0.1)), [0.1])
    assert (found.error, found.interval(0.95), found.p_difference()) == (None, None, None)
