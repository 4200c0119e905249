"""A check on the two-way interval: seeds and images are resampled independently."""

import numpy as np
from numpy.typing import ArrayLike

RESAMPLES = 4_000
_AT_ONCE = 500
"""Resampled matrices that are held in memory together."""


def double_bootstrap(
    delta: ArrayLike, *, confidence: float = 0.95, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the percentile interval of the mean over resampled seeds and images.

    It assumes no distribution; with few seeds it is known to be too narrow, so it checks the
    two-way interval and does not replace it.

    Args:
        delta: Shape (seeds, images).
        confidence: In 0..1.
        resamples: Number of resampled matrices.
    """
    matrix = np.asarray(delta, dtype=float)
    seeds, images = matrix.shape
    draw = np.random.default_rng(0)  # the same answer for the same data
    means = []
    for start in range(0, resamples, _AT_ONCE):
        count = min(_AT_ONCE, resamples - start)
        # Weights say how often each seed and image was drawn: a mean over both is a product.
        by_seed = draw.multinomial(seeds, np.full(seeds, 1 / seeds), count) / seeds
        by_image = draw.multinomial(images, np.full(images, 1 / images), count) / images
        means.append(np.einsum("rs,si,ri->r", by_seed, matrix, by_image, optimize=True))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)
