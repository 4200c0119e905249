"""Differences of fixed weights: only images vary, and the words are others."""

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.estimate import estimate
from workbench.statistics.verdicts import Decision, decide

RANDOM = np.random.default_rng(3)


def decided(mean_db: float, sd_db: float, images: int = 40) -> Decision:
    values = RANDOM.normal(0, sd_db, images)
    delta = (values - values.mean() + mean_db)[None, :]
    found = estimate(delta, fixed_weights=True)
    return decide({"v": (found, (mean_db,))}, margin_db=0.02)["v"]


def test_the_interval_is_a_t_interval_over_images() -> None:
    delta = RANDOM.normal(0.1, 0.2, 12)
    found = estimate(delta[None, :], fixed_weights=True)
    wanted = stats.ttest_1samp(delta, 0.0)
    interval = wanted.confidence_interval(0.95)
    assert found.interval(0.95) == pytest.approx((interval.low, interval.high))
    assert found.p_difference() == pytest.approx(wanted.pvalue)
    assert found.degrees == 11
    assert found.standard_error == pytest.approx(stats.sem(delta))
    beyond = stats.ttest_1samp(delta, 0.3, alternative="less").pvalue
    assert found.p_equivalence(0.3) == pytest.approx(beyond)


@pytest.mark.parametrize(
    ("mean_db", "sd_db", "verdict"),
    [
        (-0.5, 0.2, "used"),
        (0.5, 0.2, "better without"),
        (0.001, 0.01, "unused"),
        (0.05, 0.6, "unclear"),
    ],
)
def test_verdicts_are_about_the_weights(mean_db: float, sd_db: float, verdict: str) -> None:
    found = decided(mean_db, sd_db)
    assert found.verdict == verdict
    assert (found.more, found.p_sign_flip, found.smallest_p_sign_flip) == (None, None, None)


def test_equal_outputs_are_certain_and_one_image_says_nothing() -> None:
    same = estimate(np.zeros((1, 5)), fixed_weights=True)
    assert (same.p_difference(), same.p_equivalence(0.02)) == (1.0, 0.0)
    one = estimate([[-3.0]], fixed_weights=True)
    assert one.error is None
    assert decide({"v": (one, (-3.0,))})["v"].verdict == "not testable"
    assert estimate(np.zeros((1, 5))).error is None  # trained: a design needs two seeds
