"""The power of a study: how often seeds x images would find a difference of a given size.

Studies are simulated by what the interval rests on, the mean and the three mean squares: for normal
effects of seeds, images and the rest they are independent, so no matrix has to be drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.statistics.crossed import two_sided_p
from workbench.statistics.estimate import Matrix, estimate

REPEATS = 2_000
"""Simulated studies; their power has a standard error of at most 0.011."""
MOST_SEEDS = 100
"""More seeds than that are no plan."""


@dataclass(frozen=True)
class Spreads:
    """True standard deviations of the difference of two networks, in dB."""

    seed: float
    """Retraining: of a seed's difference over an endless set of images."""
    image: float
    """Of an image's difference over endless seeds."""
    rest: float
    """Of what is left for one seed and image."""


def spreads_of(deltas: Sequence[Matrix]) -> Spreads | None:
    """Return the spreads of differences of one data set, pooled; None if none can tell them apart.

    Variances are pooled by their mean, and one that is estimated below 0 counts as 0.

    Args:
        deltas: Each of shape (seeds, images), in dB; those with one seed or image are left out.
    """
    found = [estimate(delta) for delta in deltas if min(delta.shape) > 1]
    if not found:
        return None
    seed, image, rest = 0.0, 0.0, 0.0
    for one in found:
        assert one.seed_sd is not None
        assert one.image_sd is not None
        assert one.rest_sd is not None
        seed += max(one.seed_sd**2 - one.rest_sd**2 / one.images, 0.0)
        image += max(one.image_sd**2 - one.rest_sd**2 / one.seeds, 0.0)
        rest += one.rest_sd**2
    sds = np.sqrt(np.array([seed, image, rest]) / len(found))
    return Spreads(*map(float, sds))


def power(
    effect_db: float,
    spreads: Spreads,
    seeds: int,
    images: int,
    alpha: float,
    *,
    repeats: int = REPEATS,
) -> float:
    """Return how often a study calls a difference by its true sign, in 0..1.

    Args:
        effect_db: The true difference; not 0.
        spreads: Of the difference.
        seeds: 2 or more.
        images: 1 or more; with one image the claim is about that image, and `image` has no part.
        alpha: Error rate of this one member, two-sided.
        repeats: Simulated studies; always the same ones.
    """
    draw = np.random.default_rng(0)
    s, i = seeds, images
    by_seed = (spreads.seed**2 + spreads.rest**2 / i) / s
    by_image = (spreads.image**2 + spreads.rest**2 / s) / i if i > 1 else 0.0
    rest = spreads.rest**2 / (s * i) if i > 1 else 0.0

    def mean_square(variance: float, freedom: int) -> Matrix:
        found: Matrix = variance * draw.chisquare(max(freedom, 1), repeats) / max(freedom, 1)
        return found

    mean = abs(effect_db) + np.sqrt(by_seed + by_image - rest) * draw.normal(size=repeats)
    a, b = mean_square(by_seed, s - 1), mean_square(by_image, i - 1)
    e = mean_square(rest, (s - 1) * (i - 1))
    p = two_sided_p(mean, a, b, e, s, i)
    return float(((p <= alpha) & (mean > 0)).mean())


def seeds_needed(
    effect_db: float, spreads: Spreads, images: int, alpha: float, wanted: float
) -> int | None:
    """Return the least number of seeds that reach a power; None if `MOST_SEEDS` do not.

    Args:
        effect_db: The true difference; not 0.
        spreads: Of the difference.
        images: 1 or more.
        alpha: Error rate of this one member.
        wanted: Power, between 0 and 1.
    """

    def enough(seeds: int) -> bool:
        return power(effect_db, spreads, seeds, images, alpha) >= wanted

    few, many = 1, MOST_SEEDS
    if not enough(many):
        return None
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many
