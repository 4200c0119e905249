"""The difference of two designs over seeds x images: estimate, spread, interval, p.

delta[s, i] is variant - base for seed s and image i, on one data set. Seeds and images are both
samples: SE^2 = s_seed^2 / S + s_image^2 / I (two-way; conservative where the two overlap). The
degrees of freedom are those of the smaller sample, S - 1 or I - 1: ten seeds on two images know the
spread of images no better than two images allow. With one seed a claim about a design cannot be
tested; with one image it is a claim about that image.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.float64]
"""Shape (seeds, images), in dB."""


@dataclass(frozen=True)
class Estimate:
    """A difference on one data set; positive means the variant is better."""

    mean: float
    standard_error: float | None
    """Two-way; None with one seed."""
    seeds: int
    images: int
    seed_sd: float | None
    """Standard deviation of the seeds' means; None with one seed."""
    image_sd: float | None
    """Standard deviation of the images' means; None with one image."""

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the t distribution."""
        return degrees(self.seeds, self.images)

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Return the two-way interval, None with one seed."""
        from scipy import stats

        if self.standard_error is None:
            return None
        half = float(stats.t.ppf(0.5 + confidence / 2, self.degrees)) * self.standard_error
        return self.mean - half, self.mean + half

    def p_difference(self) -> float | None:
        """Return the two-sided p of "there is no difference", None with one seed."""
        if self.standard_error is None:
            return None
        return min(1.0, 2 * self._tail(abs(self.mean)))

    def p_equivalence(self, margin: float) -> float | None:
        """Return the p of "the difference is not within the margin" (two one-sided tests).

        Args:
            margin: In dB, above 0.
        """
        if self.standard_error is None:
            return None
        return self._tail(margin - abs(self.mean))

    def _tail(self, distance: float) -> float:
        """Return the probability of a t beyond a distance from the mean."""
        from scipy import stats

        assert self.standard_error is not None
        if self.standard_error == 0:
            return 0.0 if distance > 0 else (0.5 if distance == 0 else 1.0)
        return float(stats.t.sf(distance / self.standard_error, self.degrees))


def degrees(seeds: int, images: int) -> int:
    """Return the degrees of freedom of a number of seeds and images."""
    return seeds - 1 if images == 1 else min(seeds, images) - 1


def estimate(delta: ArrayLike) -> Estimate:
    """Estimate a difference.

    Args:
        delta: Shape (seeds, images), finite.

    Raises:
        ValueError: If it is empty, not of that shape, or not finite.
    """
    matrix = np.asarray(delta, dtype=float)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"differences must have the shape (seeds, images), got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("differences must be finite")
    seeds, images = matrix.shape
    seed_sd = _sd(matrix.mean(axis=1))
    image_sd = _sd(matrix.mean(axis=0))
    error = None
    if seed_sd is not None:
        error = math.sqrt(seed_sd**2 / seeds + (image_sd or 0.0) ** 2 / images)
    return Estimate(float(matrix.mean()), error, seeds, images, seed_sd, image_sd)


def _sd(values: Matrix) -> float | None:
    """Return the sample standard deviation; 0, not rounding noise, for equal values."""
    if len(values) < 2:
        return None
    return 0.0 if np.ptp(values) == 0 else float(values.std(ddof=1))
