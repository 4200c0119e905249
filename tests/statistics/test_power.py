"""The power of a study: against whole simulated studies, and the seeds that it takes."""

import numpy as np
import pytest

from workbench.statistics.crossed import mean_squares, two_sided_p
from workbench.statistics.power import MOST_SEEDS, Spreads, power, seeds_needed, spreads_of
from workbench.statistics.simulation import Truth, simulate, simulate_studies

SPREADS = Spreads(0.02, 0.07, 0.03)


@pytest.mark.parametrize(("seeds", "images"), [(3, 100), (6, 14)])
def test_power_is_that_of_whole_simulated_studies(seeds: int, images: int) -> None:
    draw, effect = np.random.default_rng(1), 0.04
    studies = simulate_studies(Truth(effect), seeds, images, 2_000, draw)
    mean, by_seed, by_image, rest = mean_squares(studies)
    p = two_sided_p(mean, by_seed, by_image, rest, seeds, images)
    found = float(((p <= 0.05) & (mean > 0)).mean())
    assert power(effect, SPREADS, seeds, images, 0.05) == pytest.approx(found, abs=0.04)


def test_power_grows_with_effect_seeds_images_and_error_rate() -> None:
    least = power(0.02, SPREADS, 4, 50, 0.01)
    assert least < power(0.02, SPREADS, 4, 50, 0.05)
    assert least < power(0.02, SPREADS, 8, 50, 0.01)
    assert least < power(0.02, SPREADS, 4, 200, 0.01)
    assert least < power(0.03, SPREADS, 4, 50, 0.01) == power(-0.03, SPREADS, 4, 50, 0.01)


def test_the_seeds_needed_are_the_least_that_reach_the_power() -> None:
    seeds = seeds_needed(0.03, SPREADS, 100, 0.05, 0.8)
    assert seeds is not None
    assert 4 < seeds < 12
    assert (
        power(0.03, SPREADS, seeds, 100, 0.05) >= 0.8 > power(0.03, SPREADS, seeds - 1, 100, 0.05)
    )


def test_no_number_of_seeds_makes_up_for_few_images() -> None:
    assert power(0.02, SPREADS, MOST_SEEDS, 5, 0.05) < 0.3
    assert seeds_needed(0.02, SPREADS, 5, 0.05, 0.8) is None


def test_one_image_is_a_claim_about_that_image() -> None:
    assert power(0.05, Spreads(0.02, 9.0, 0.0), 6, 1, 0.05) > 0.9


def test_spreads_are_those_of_the_simulated_truth() -> None:
    draw = np.random.default_rng(2)
    found = spreads_of([simulate(Truth(), 8, 60, draw) for _ in range(20)])
    assert found is not None
    assert found.seed == pytest.approx(0.02, rel=0.15)
    assert found.image == pytest.approx(0.07, rel=0.1)
    assert found.rest == pytest.approx(0.03, rel=0.05)
    assert spreads_of([np.zeros((1, 9)), np.zeros((9, 1))]) is None
    assert spreads_of([np.zeros((3, 3))]) == Spreads(0.0, 0.0, 0.0)
