"""A check on the crossed interval: seeds and images are resampled independently."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 4_000


def double_bootstrap(
    delta: ArrayLike, *, confidence: float = 0.95, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the percentile interval of the mean over resampled seeds and images.

    It assumes no distribution; with few seeds it is known to be too narrow, so it checks the
    crossed interval and does not replace it.

    Args:
        delta: Shape (seeds, images).
        confidence: In 0..1.
        resamples: Number of resampled matrices.
    """
    matrix = np.asarray(delta, dtype=float)
    by_seed, by_image = _weights(*matrix.shape, resamples)
    means = ((by_seed @ matrix) * by_image).sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


@lru_cache(maxsize=2)
def _weights(
    seeds: int, images: int, resamples: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how often each resample draws each seed and each image, as shares of all.

    A mean over both is a product of these. A family has one shape, so they are drawn once: the
    same answer for the same data, independent of earlier calls.
    """
    draw = np.random.default_rng(0)
    by_seed = draw.multinomial(seeds, np.full(seeds, 1 / seeds), resamples) / seeds
    by_image = draw.multinomial(images, np.full(images, 1 / images), resamples) / images
    return by_seed, by_image
