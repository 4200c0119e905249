"""Points that fill a cube."""

import numpy as np
import pytest
from scipy.stats import qmc

from workbench.statistics.space_filling import sobol_points


def test_points_are_those_of_the_direction_numbers_and_of_pcg64() -> None:
    shift = np.random.Generator(np.random.PCG64(7)).random(3)
    plain = [[0.5, 0.5, 0.5], [0.75, 0.25, 0.25], [0.25, 0.75, 0.75], [0.375, 0.375, 0.625]]
    np.testing.assert_allclose(sobol_points(4, 3, 7), (np.array(plain) + shift) % 1, atol=1e-12)


def test_more_points_begin_with_the_same_ones() -> None:
    np.testing.assert_array_equal(sobol_points(40, 5, 0)[:13], sobol_points(13, 5, 0))


@pytest.mark.parametrize("seed", range(3))
def test_they_fill_the_cube_more_evenly_than_random_points(seed: int) -> None:
    points = sobol_points(64, 4, seed)
    assert points.min() >= 0
    assert points.max() < 1
    drawn = np.random.default_rng(seed).random((64, 4))
    assert qmc.discrepancy(points) < 0.5 * qmc.discrepancy(drawn)
