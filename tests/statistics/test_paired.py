"""The interval against scipy, and against simulations whose truth is known."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from workbench.statistics.paired import paired_difference, per_image_difference

Scores = NDArray[np.float64]


def simulated(
    seeds: int,
    images: int,
    draw: np.random.Generator,
    *,
    effect: float = 0.0,
    seed_sd: float = 0.01,
    image_sd: float = 0.1,
    noise_sd: float = 0.02,
) -> tuple[Scores, Scores]:
    """Return scores of a variant and a base, shape (seeds, images), in dB."""
    base = 30 + draw.normal(0, 4.5, images)[None, :] + draw.normal(0, 0.01, (seeds, 1))
    delta = (
        effect
        + draw.normal(0, seed_sd, (seeds, 1))
        + draw.normal(0, image_sd, (1, images))
        + draw.normal(0, noise_sd, (seeds, images))
    )
    return base + delta, np.broadcast_to(base, delta.shape)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("seeds", "images"), [(2, 1), (3, 5), (10, 100)])
def test_where_images_do_not_differ_it_is_the_paired_t_test(
    seeds: int, images: int, confidence: float
) -> None:
    draw = np.random.default_rng(seeds)
    variant, base = 30 + draw.normal(0.02, 0.1, seeds), 30 + draw.normal(0, 0.1, seeds)
    wanted = stats.ttest_rel(variant, base).confidence_interval(confidence)
    wide = [np.repeat(values[:, None], images, axis=1) for values in (variant, base)]
    found = paired_difference(*wide, confidence=confidence)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), rel=1e-9)
    assert found.mean == pytest.approx(np.mean(variant - base))
    assert found.seed_sd == pytest.approx(np.std(variant - base, ddof=1))
    assert (found.seeds, found.images) == (seeds, images)


@pytest.mark.parametrize(
    ("seeds", "images", "seed_sd", "image_sd"),
    [(3, 100, 0.01, 0.1), (3, 5, 0.02, 0.3), (5, 20, 0.02, 0.0), (2, 50, 0.01, 0.06)],
)
def test_without_an_effect_at_most_one_interval_of_twenty_excludes_zero(
    seeds: int, images: int, seed_sd: float, image_sd: float
) -> None:
    repeats, draw = 2_000, np.random.default_rng(20260101)
    false_positives = 0
    for _ in range(repeats):
        variant, base = simulated(seeds, images, draw, seed_sd=seed_sd, image_sd=image_sd)
        found = paired_difference(variant, base)
        assert found.low is not None
        assert found.high is not None
        false_positives += not found.low <= 0 <= found.high
    sampling_error = math.sqrt(0.05 * 0.95 / repeats)
    assert false_positives / repeats <= 0.05 + 3 * sampling_error


def test_a_large_effect_is_found_and_its_interval_holds_it() -> None:
    repeats, draw = 500, np.random.default_rng(7)
    found = covered = 0
    for _ in range(repeats):
        variant, base = simulated(6, 100, draw, effect=0.1)
        interval = paired_difference(variant, base)
        assert interval.low is not None
        assert interval.high is not None
        found += interval.low > 0
        covered += interval.low <= 0.1 <= interval.high
    assert found / repeats > 0.95
    assert covered / repeats > 0.92


def test_images_that_differ_make_the_interval_wider() -> None:
    draw = np.random.default_rng(3)
    widths = []
    for image_sd in (0.0, 0.5):
        found = paired_difference(*simulated(3, 10, draw, image_sd=image_sd))
        assert found.low is not None
        assert found.high is not None
        widths.append(found.high - found.low)
    assert widths[1] > 5 * widths[0]


def test_one_seed_gives_a_mean_and_no_claim() -> None:
    found = paired_difference([[30.5, 31.0]], [[30.0, 30.0]])
    assert found.mean == 0.75
    assert (found.low, found.high, found.seed_sd) == (None, None, None)
    assert not found.testable


def test_equal_differences_give_an_interval_of_no_width() -> None:
    found = paired_difference([[30.5, 31.5], [30.5, 31.5]], [[30.0, 31.0], [30.0, 31.0]])
    assert (found.low, found.mean, found.high, found.seed_sd) == (0.5, 0.5, 0.5, 0.0)
    assert found.testable


WRONG: list[tuple[Sequence[object], Sequence[object]]] = [
    ([[1.0, 2.0]], [[1.0, 2.0, 3.0]]),
    ([[1.0], [2.0]], [[1.0, 2.0]]),
    ([1.0, 2.0], [1.0, 2.0]),
    ([], []),
    ([[]], [[]]),
]


@pytest.mark.parametrize(("variant", "base"), WRONG)
def test_other_shapes_are_refused(variant: Sequence[object], base: Sequence[object]) -> None:
    with pytest.raises(ValueError, match=r"scores must have one shape \(seeds, images\), got \("):
        paired_difference(np.array(variant, dtype=float), np.array(base, dtype=float))


def test_given_weights_are_compared_over_images_alone() -> None:
    draw = np.random.default_rng(3)
    left, right = draw.normal(30, 4, 40), draw.normal(30, 4, 40)
    found = per_image_difference(left, right, confidence=0.9)
    expected = stats.ttest_rel(left, right).confidence_interval(0.9)
    assert found.mean == pytest.approx((left - right).mean())
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.seeds, found.images, found.testable) == (1, 40, False)


def test_one_image_has_no_interval() -> None:
    found = per_image_difference([31.0], [30.5])
    assert (found.mean, found.low, found.high) == (0.5, None, None)


@pytest.mark.parametrize(("left", "right"), [([1.0], [1.0, 2.0]), ([], []), ([[1.0]], [[1.0]])])
def test_scores_of_other_images_are_refused(left: list[float], right: list[float]) -> None:
    with pytest.raises(ValueError, match="scores must be of the same images"):
        per_image_difference(left, right)
