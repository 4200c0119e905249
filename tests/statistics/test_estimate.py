"""The estimate of a difference against scipy, and its error against the formulas."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.bootstrap import double_bootstrap
from workbench.statistics.estimate import estimate
from workbench.statistics.images import image_difference
from workbench.statistics.matrix import differences
from workbench.statistics.sensitivity import sensitivity
from workbench.statistics.simulation import Truth, simulate


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("seeds", "images"), [(2, 1), (3, 5), (10, 100), (5, 1)])
def test_where_images_do_not_differ_it_is_the_t_test_of_the_seeds(
    seeds: int, images: int, confidence: float
) -> None:
    means = np.random.default_rng(seeds).normal(0.02, 0.1, seeds)
    wanted = stats.ttest_1samp(means, 0)
    found = estimate(np.repeat(means[:, None], images, axis=1))
    assert found.interval(confidence) == pytest.approx(
        tuple(wanted.confidence_interval(confidence)), rel=1e-4
    )
    assert found.p_difference() == pytest.approx(wanted.pvalue, rel=1e-5)
    assert found.mean == pytest.approx(means.mean())
    assert found.seed_sd == pytest.approx(means.std(ddof=1))
    assert (found.seeds, found.images) == (seeds, images)


def test_equivalence_is_two_one_sided_tests() -> None:
    means = np.random.default_rng(1).normal(0.004, 0.01, 8)
    found = estimate(means[:, None])
    below = stats.ttest_1samp(means, -0.02, alternative="greater").pvalue
    above = stats.ttest_1samp(means, 0.02, alternative="less").pvalue
    assert found.p_equivalence(0.02) == pytest.approx(max(below, above))


def test_one_seed_gives_a_mean_and_no_claim() -> None:
    found = estimate([[0.5, 1.0]])
    assert found.mean == 0.75
    assert (found.standard_error, found.seed_sd) == (None, None)
    assert (found.interval(0.95), found.p_difference(), found.p_equivalence(0.02)) == (None,) * 3


def test_equal_differences_leave_no_doubt() -> None:
    found = estimate(np.full((3, 4), 0.1))
    assert (found.seed_sd, found.image_sd, found.standard_error) == (0, 0, 0)
    assert found.interval(0.95) == pytest.approx((0.1, 0.1))
    assert (found.p_difference(), found.p_equivalence(0.02), found.p_equivalence(0.2)) == (0, 1, 0)
    nothing = estimate(np.zeros((3, 4)))
    assert (nothing.p_difference(), nothing.p_equivalence(0.02)) == (1, 0)


WRONG: list[Sequence[object]] = [[1.0, 2.0], [], [[]], [[[1.0]]]]


@pytest.mark.parametrize("delta", WRONG)
def test_other_shapes_are_refused(delta: Sequence[object]) -> None:
    with pytest.raises(ValueError, match=r"differences must have the shape \(seeds, images\)"):
        estimate(np.array(delta, dtype=float))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="differences must be finite"):
        estimate([[1.0, value]])


def test_only_shared_seeds_and_images_are_paired() -> None:
    variant = {1: {"a": 2.0, "b": 3.0}, 2: {"a": 4.0, "b": 5.0, "c": 9.0}, 7: {"a": 1.0}}
    base = {2: {"a": 1.0, "b": 1.0, "c": 1.0}, 1: {"a": 1.0, "b": 1.0}, 5: {"a": 0.0}}
    found = differences(variant, base)
    assert found is not None
    assert (found.seeds, found.images) == ((1, 2), ("a", "b"))
    assert found.delta.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert found.seed_means == (1.5, 3.5)
    assert differences(variant, {}) is None
    assert differences({1: {"a": 1.0}}, {1: {"b": 1.0}}) is None


def test_the_bootstrap_agrees_where_seeds_are_many() -> None:
    delta = simulate(Truth(effect=0.03), 40, 200, np.random.default_rng(4))
    interval = estimate(delta).interval(0.95)
    assert interval is not None
    assert double_bootstrap(delta) == pytest.approx(interval, abs=0.003)
    assert double_bootstrap(delta) == double_bootstrap(delta)


def test_a_difference_that_hangs_on_one_image_is_noticed() -> None:
    found = sensitivity([[0.9, -0.1, -0.1, -0.1], [1.1, -0.1, -0.1, 0.1]], ["a", "b", "c", "d"])
    assert found.most_influential == "a"
    assert found.one_image_decides_the_sign
    assert found.median == pytest.approx(-0.05)
    assert found.win_rate == pytest.approx((1 + 0.5) / 4)
    assert found.low_without_one == pytest.approx(-0.2 / 3)
    alone = sensitivity([[0.5]], ["a"])
    assert (alone.low_without_one, alone.high_without_one) == (0.5, 0.5)


def test_given_weights_are_compared_over_images_alone() -> None:
    draw = np.random.default_rng(3)
    left, right = draw.normal(30, 4, 40), draw.normal(30, 4, 40)
    found = image_difference(left, right, confidence=0.9)
    expected = stats.ttest_rel(left, right).confidence_interval(0.9)
    assert found.mean == pytest.approx((left - right).mean())
    assert found.interval == pytest.approx(tuple(expected))
    assert (found.images, found.won) == (40, (left > right).sum())


def test_one_image_has_no_interval() -> None:
    found = image_difference([31.0], [31.0])
    assert (found.mean, found.interval, found.won) == (0, None, 0.5)


@pytest.mark.parametrize(("left", "right"), [([1.0], [1.0, 2.0]), ([], []), ([[1.0]], [[1.0]])])
def test_scores_of_other_images_are_refused(left: list[float], right: list[float]) -> None:
    with pytest.raises(ValueError, match="scores must be of the same images"):
        image_difference(left, right)
