"""Seeds and images as crossed random effects: p and half width of the mean of seeds x images.

delta[s, i] = effect + seed_s + image_i + rest_si, all three random. With a = MS_seed / (S I),
b = MS_image / (S I) and e = MS_rest / (S I), the variance of the mean is estimated by a + b - e.
Two approximations to its distribution are mixed:

- Satterthwaite's t: powerful, and right where several sources share the variance. With few seeds
  (or two images) that carry most of it, it errs in up to 12 % of studies instead of 5 %.
- The fiducial (Behrens-Fisher) p: the mean of the normal p over the variances that the mean
  squares leave possible, each MS f / chi2_f. It holds its level everywhere and is less powerful.

The weight of the second grows with the share of the variance that one small sample carries. The
exponents were chosen by simulation; `tests/benchmarks/intervals.py` prints error and power of this
and of its alternatives over 2 to 20 seeds and 2 to 200 images.

Sources: Satterthwaite (1946), Biometrics Bulletin 2; Fisher (1935), Annals of Eugenics 6, for the
fiducial argument; Searle, Casella and McCulloch (1992), Variance Components, chapter 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]

_NORMAL_SCORES = np.linspace(-5.2, 5.2, 33)
"""The trapezoid rule on them integrates over the quantiles of a mean square."""
_CHUNK = 2_000
"""Differences whose variances are held in memory at once."""


@dataclass(frozen=True)
class CrossedError:
    """What the mean of a matrix of differences may be off by."""

    seed: float
    """Mean square of seeds / (S I): the variance of the seeds' means / S, dB^2."""
    image: float
    """Mean square of images / (S I), dB^2; 0 with one image."""
    rest: float
    """Mean square of the rest / (S I), dB^2; 0 with one image."""
    seeds: int
    """At least 2."""
    images: int
    """At least 1; with one image only seeds count, and the claim is about that image."""

    @property
    def variance(self) -> float:
        """Variance of the mean, dB^2."""
        return float(variance(self.seed, self.image, self.rest))

    @property
    def degrees(self) -> float:
        """Satterthwaite's degrees of freedom of the variance."""
        found = _degrees(
            self.variance, self.seed, self.image, self.rest, self.seeds - 1, self.images - 1
        )
        return float(found)

    def p(self, distance: float) -> float:
        """Return the two-sided p of a true mean that is `distance` dB away."""
        parts = (self.seed, self.image, self.rest)
        return float(two_sided_p(distance, *parts, self.seeds, self.images)[0])

    def half_width(self, alpha: float) -> float:
        """Return half the interval of confidence 1 - alpha: the distance whose p is alpha, in dB.

        Args:
            alpha: Between 0 and 1.
        """
        from scipy import optimize

        unit = math.sqrt(self.variance)
        if unit == 0 or self.p(0.0) <= alpha:
            return 0.0
        high = 2.0
        while self.p(high * unit) > alpha:
            high *= 2
        root = optimize.brentq(lambda t: self.p(t * unit) - alpha, 0.0, high, xtol=1e-12)
        return float(root) * unit

    def with_seeds(self, seeds: int) -> CrossedError:
        """Return what another number of seeds would give if the spreads are the true ones."""
        share = self.seeds / seeds
        by_image = max(self.image - self.rest, 0.0) + min(self.image, self.rest) * share
        return CrossedError(self.seed * share, by_image, self.rest * share, seeds, self.images)


def variance(seed: ArrayLike, image: ArrayLike, rest: ArrayLike) -> Values:
    """Return the variance of the mean, dB^2: seed + image - rest, not below any of the three.

    Each is at least the variance of the rest in expectation; the floor keeps a matrix whose
    seeds and images all happen to have one mean from looking certain.

    Args:
        seed: Mean square of seeds / (S I), dB^2.
        image: Mean square of images / (S I), dB^2.
        rest: Mean square of the rest / (S I), dB^2.
    """
    a, b, e = (np.asarray(part, dtype=float) for part in (seed, image, rest))
    found: Values = np.maximum(np.maximum(a + b - e, e), np.maximum(a, b))
    return found


def mean_squares(matrices: ArrayLike) -> tuple[Values, Values, Values, Values]:
    """Return mean, and mean squares of seeds, images and rest over S I, of many matrices.

    Args:
        matrices: Shape (..., seeds, images), in dB; at least two seeds.

    Returns:
        Four arrays of shape (...): the mean in dB, the others in dB^2.
    """
    given = np.asarray(matrices, dtype=float)
    seeds, images = given.shape[-2:]
    by_seed, by_image = given.mean(axis=-1), given.mean(axis=-2)
    mean: Values = by_seed.mean(axis=-1)
    of_seed = by_seed.var(axis=-1, ddof=1) / seeds
    if images == 1:
        return mean, of_seed, np.zeros_like(mean), np.zeros_like(mean)
    rest = given - by_seed[..., :, None] - by_image[..., None, :] + mean[..., None, None]
    freedom = (seeds - 1) * (images - 1)
    return (
        mean,
        of_seed,
        by_image.var(axis=-1, ddof=1) / images,
        np.square(rest).sum(axis=(-2, -1)) / freedom / (seeds * images),
    )


def two_sided_p(
    distance: ArrayLike,
    seed: ArrayLike,
    image: ArrayLike,
    rest: ArrayLike,
    seeds: int,
    images: int,
) -> Values:
    """Return the two-sided p of true means that are `distance` away, for many matrices of one size.

    Args:
        distance: In dB; its sign does not matter.
        seed: Mean square of seeds / (S I) of each matrix, dB^2.
        image: Mean square of images / (S I), dB^2.
        rest: Mean square of the rest / (S I), dB^2.
        seeds: S, at least 2.
        images: I, at least 1.

    Returns:
        In 0..1; without any spread 1 at distance 0 and 0 elsewhere.
    """
    from scipy.special import stdtr

    given = [np.atleast_1d(np.asarray(x, dtype=float)) for x in (distance, seed, image, rest)]
    far, a, b, e = np.broadcast_arrays(np.abs(given[0]), *given[1:])
    whole = variance(a, b, e)
    certain = whole == 0
    safe = np.where(certain, 1.0, whole)
    degrees = _degrees(safe, a, b, e, seeds - 1, images - 1)
    p: Values = 2 * stdtr(degrees, -far / np.sqrt(safe))
    if images > 1:
        weight = _weight(a, b, seeds - 1, images - 1)
        p = (1 - weight) * p + weight * fiducial_p(far, a, b, e, seeds - 1, images - 1)
    return np.where(certain, np.where(far == 0, 1.0, 0.0), np.minimum(p, 1.0))


def _degrees(
    whole: ArrayLike, a: ArrayLike, b: ArrayLike, e: ArrayLike, f_a: int, f_b: int
) -> Values:
    """Return Satterthwaite's degrees of freedom, not below those of the smaller sample."""
    if f_b == 0:
        return np.full(np.shape(whole), float(f_a))
    squares = np.square(a) / f_a + np.square(b) / f_b + np.square(e) / (f_a * f_b)
    least = float(min(f_a, f_b))
    safe = np.where(squares == 0, 1.0, squares)
    found: Values = np.where(squares == 0, least, np.maximum(np.square(whole) / safe, least))
    return found


def _weight(a: Values, b: Values, f_a: int, f_b: int) -> Values:
    """Return the weight of the fiducial p: near 1 where one small sample carries the variance."""
    both = a + b
    share = np.divide(a, both, out=np.ones_like(both), where=both > 0)

    def of(share: Values, freedom: int) -> Values:
        found: Values = share ** (2 * (1 - 1 / freedom) ** 2) * min(1.0, 2.5 / freedom)
        return found

    weight = np.minimum(1.0, of(share, f_a) + of(1 - share, f_b))
    return np.where(both > 0, weight, 1.0)


def fiducial_p(far: Values, a: Values, b: Values, e: Values, f_a: int, f_b: int) -> Values:
    """Return the mean of the normal two-sided p over the possible variances."""
    from scipy.special import ndtr

    weights, by_seed, by_image = _weights(), _quantiles(f_a), _quantiles(f_b)
    found = np.empty_like(far)
    for start in range(0, len(far), _CHUNK):
        cut = slice(start, start + _CHUNK)
        floor = e[cut, None]
        of_seed = np.maximum(a[cut, None] * by_seed, floor)[:, :, None]
        of_image = (np.maximum(b[cut, None] * by_image, floor) - floor)[:, None, :]
        # Without any spread the variance is 0, and the caller does not use the value.
        error = np.sqrt(np.maximum(of_seed + of_image, np.finfo(float).tiny))
        p = ndtr(-far[cut, None, None] / error)
        found[cut] = 2 * ((p @ weights) @ weights)
    return found


@lru_cache(maxsize=1)
def _weights() -> Values:
    """Return the weights of the normal scores; they add up to 1."""
    density = np.exp(-np.square(_NORMAL_SCORES) / 2)
    found: Values = density / density.sum()
    return found


@lru_cache(maxsize=4_096)
def _quantiles(freedom: int) -> Values:
    """Return f / chi2_f at the normal scores: true variance / its estimate."""
    from scipy.special import gammaincinv, ndtr

    found: Values = freedom / (2 * gammaincinv(freedom / 2, ndtr(_NORMAL_SCORES)))
    return found
