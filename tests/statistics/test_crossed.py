"""Crossed random effects: p and intervals against formulas, and against simulated truth."""

import math

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.crossed import CrossedError, Values, mean_squares, two_sided_p
from workbench.statistics.estimate import estimate
from workbench.statistics.simulation import Truth, simulate, simulate_studies

REPEATS = 4_000
SPREADS = {  # seed, image, rest: sd of the mean of each, of one size in the first
    "all": (0.02, 0.02, 0.02),
    "seeds": (0.03, 0.01, 0.0),
    "images": (0.01, 0.03, 0.0),
    "the public scores": (0.02, 0.007, 0.002),
}


def p_values(truth: Truth, seeds: int, images: int, repeats: int = REPEATS) -> Values:
    delta = simulate_studies(truth, seeds, images, repeats, np.random.default_rng(3))
    return two_sided_p(*mean_squares(delta), seeds, images)


def test_mean_squares_are_those_of_the_estimate() -> None:
    delta = simulate(Truth(effect=0.02), 4, 7, np.random.default_rng(0))
    mean, seed, image, rest = mean_squares(delta)
    found = estimate(delta)
    error = found.crossed_error
    assert error is not None
    assert (found.mean, error.seed, error.image, error.rest) == pytest.approx(
        (float(mean), float(seed), float(image), float(rest))
    )
    assert found.seed_sd == pytest.approx(delta.mean(axis=1).std(ddof=1))
    assert found.image_sd == pytest.approx(delta.mean(axis=0).std(ddof=1))


def test_the_variance_counts_the_rest_once() -> None:
    error = CrossedError(seed=4.0, image=3.0, rest=1.0, seeds=3, images=9)
    assert error.variance == 6.0
    assert error.degrees == pytest.approx(36 / (16 / 2 + 9 / 8 + 1 / 16))
    assert CrossedError(4.0, 1.0, 3.0, 3, 9).variance == 4.0
    assert CrossedError(0.0, 0.0, 3.0, 3, 9).variance == 3.0  # not certain, only balanced


def test_the_p_of_many_images_and_few_seeds_is_that_of_the_integral() -> None:
    """The same mixture by numerical integration over the two chi-square distributions."""
    a, b, e, far = 1.3e-4, 0.6e-4, 0.1e-4, 0.05
    seeds, images = 3, 20
    draw = np.random.default_rng(1)
    x = (seeds - 1) / draw.chisquare(seeds - 1, 400_000)
    y = (images - 1) / draw.chisquare(images - 1, 400_000)
    fiducial = 2 * stats.norm.sf(far / np.sqrt(np.maximum(a * x, e) + np.maximum(b * y, e) - e))
    whole = a + b - e
    freedom = whole**2 / (a**2 / 2 + b**2 / 19 + e**2 / 38)
    satterthwaite = 2 * stats.t.sf(far / math.sqrt(whole), freedom)
    share = a / (a + b)
    weight = share ** (2 * (1 - 1 / 2) ** 2) + (1 - share) ** (2 * (1 - 1 / 19) ** 2) * 2.5 / 19
    wanted = (1 - weight) * satterthwaite + weight * fiducial.mean()
    assert CrossedError(a, b, e, seeds, images).p(far) == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("alpha", [0.5, 0.05, 0.0004])
@pytest.mark.parametrize(("seeds", "images"), [(2, 1), (2, 2), (3, 100), (10, 2), (6, 14)])
def test_the_interval_ends_where_p_is_alpha(seeds: int, images: int, alpha: float) -> None:
    found = estimate(simulate(Truth(effect=0.03), seeds, images, np.random.default_rng(seeds)))
    assert found.error is not None
    half = found.error.half_width(alpha)
    assert found.error.p(half) == pytest.approx(alpha, rel=1e-6)
    assert found.interval(1 - alpha) == pytest.approx((found.mean - half, found.mean + half))
    p = found.p_difference()
    assert p is not None
    for level, outside in ((p * 1.001, True), (p / 1.001, False)):
        low, high = found.interval(1 - level) or (0.0, 0.0)
        assert (low > 0 or high < 0) is outside


def test_more_seeds_leave_the_spread_of_images() -> None:
    error = CrossedError(seed=8.0, image=3.0, rest=1.0, seeds=3, images=9)
    assert error.with_seeds(12) == CrossedError(2.0, 2.25, 0.25, 12, 9)
    assert error.with_seeds(3) == error


def test_a_balanced_matrix_is_not_certain() -> None:
    """Seeds and images of one mean, and cells that differ: 0 is not ruled out."""
    found = estimate([[0.3, -0.1], [-0.1, 0.3]])
    assert (found.seed_sd, found.image_sd) == pytest.approx((0, 0))
    assert found.p_difference() == pytest.approx(2 * stats.norm.sf(0.1 / 0.2), rel=1e-6)


@pytest.mark.parametrize("tails", [None, 3.0])
@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize(("seeds", "images"), [(2, 2), (2, 30), (3, 5), (3, 40), (6, 20), (12, 2)])
def test_without_an_effect_p_is_rarely_below_five_percent(
    seeds: int, images: int, spread: str, tails: float | None
) -> None:
    of_seed, of_image, rest = SPREADS[spread]
    truth = Truth(
        seed_sd=of_seed * seeds**0.5,
        image_sd=of_image * images**0.5,
        noise_sd=rest * (seeds * images) ** 0.5,
        tails=tails,
    )
    wrong = int((p_values(truth, seeds, images, 2_000) <= 0.05).sum())
    assert stats.binomtest(wrong, 2_000, 0.05, alternative="greater").pvalue > 0.005


@pytest.mark.parametrize(
    ("seeds", "effect", "tails", "at_least"),
    [
        (3, 0.05, None, 0.60),
        (6, 0.02, None, 0.40),
        (6, 0.03, None, 0.70),
        (6, 0.02, 3.0, 0.40),
        (10, 0.02, None, 0.53),
    ],
)
def test_power_at_100_images(
    seeds: int, effect: float, tails: float | None, at_least: float
) -> None:
    truth = Truth(effect=effect, tails=tails)
    found = (p_values(truth, seeds, 100) <= 0.05).mean()
    assert found >= at_least - 2 * math.sqrt(0.25 / REPEATS)
