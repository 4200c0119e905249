"""The difference of two designs over seeds x images: estimate, spread, interval, p.

delta[s, i] is variant - base for seed s and image i, on one data set. Seeds and images are crossed
random effects (`crossed.py`). With one seed a claim about a design cannot be tested; with one image
it is a claim about that image.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.statistics.crossed import CrossedError
from workbench.statistics.images import ImageError

Matrix = NDArray[np.float64]
"""Shape (seeds, images), in dB."""
_ROUNDING = 1e-13
"""Differences that are smaller, relatively, are rounding."""


class Error(Protocol):
    """What a mean may be off by."""

    @property
    def variance(self) -> float:
        """Variance of the mean, dB^2."""

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the variance."""

    def half_width(self, alpha: float) -> float:
        """Return half the interval of confidence 1 - alpha, dB."""

    def p(self, distance: float) -> float:
        """Return the two-sided p of a true mean that is `distance` dB away."""

    def with_seeds(self, seeds: int) -> "Error":
        """Return what another number of seeds would give if the spreads are the true ones."""


@dataclass(frozen=True)
class Estimate:
    """A difference on one data set; positive means the variant is better."""

    mean: float
    seeds: int
    images: int
    seed_sd: float | None
    """Standard deviation of the seeds' means; None with one seed."""
    image_sd: float | None
    """Standard deviation of the images' means; None with one image."""
    rest_sd: float | None
    """Standard deviation of what is left for one seed and image; None with one of either."""
    fixed_weights: bool = False
    """Whether nothing was trained: the claim is about these weights, and only images vary."""

    @cached_property
    def error(self) -> Error | None:
        """What the mean may be off by, None with one seed; of fixed weights, with one image."""
        if not self.fixed_weights:
            return self.crossed_error
        return None if self.image_sd is None else ImageError(self.image_sd, self.images)

    @property
    def crossed_error(self) -> CrossedError | None:
        """What the mean may be off by over new seeds and new images, None with one seed."""
        if self.seed_sd is None:
            return None
        return CrossedError(
            seed=self.seed_sd**2 / self.seeds,
            image=(self.image_sd or 0.0) ** 2 / self.images,
            rest=(self.rest_sd or 0.0) ** 2 / (self.seeds * self.images),
            seeds=self.seeds,
            images=self.images,
        )

    @property
    def standard_error(self) -> float | None:
        """Of the mean, over new seeds and new images; None with one seed."""
        return None if self.error is None else self.error.variance**0.5

    @property
    def degrees(self) -> float | None:
        """Satterthwaite's degrees of freedom of the standard error; None with one seed."""
        return None if self.error is None else self.error.degrees

    def interval(self, confidence: float) -> tuple[float, float] | None:
        """Return the interval, None with one seed; it leaves out 0 where p <= 1 - confidence."""
        if self.error is None:
            return None
        half = self.error.half_width(1 - confidence)
        return self.mean - half, self.mean + half

    def p_difference(self) -> float | None:
        """Return the two-sided p of "there is no difference", None with one seed."""
        return None if self.error is None else self.error.p(self.mean)

    def p_equivalence(self, margin: float) -> float | None:
        """Return the p of "the difference is not within the margin" (two one-sided tests).

        Args:
            margin: In dB, at least 0; with 0 no difference is within it, and p is at least 0.5.
        """
        if self.error is None:
            return None
        inside = margin - abs(self.mean)
        half = self.error.p(inside) / 2
        return half if inside > 0 else 1 - half


def estimate(delta: ArrayLike, *, fixed_weights: bool = False) -> Estimate:
    """Estimate a difference.

    Args:
        delta: Shape (seeds, images), finite.
        fixed_weights: Whether nothing was trained, so that only images vary.

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
    spreads = (seed_sd, image_sd, _rest_sd(matrix))
    return Estimate(float(matrix.mean()), seeds, images, *spreads, fixed_weights)


def _sd(values: Matrix) -> float | None:
    """Return the sample standard deviation; 0, not rounding noise, for equal values."""
    if len(values) < 2:
        return None
    return 0.0 if np.ptp(values) == 0 else float(values.std(ddof=1))


def _rest_sd(matrix: Matrix) -> float | None:
    """Return the standard deviation of what neither seed nor image explains; 0 for rounding."""
    freedom = (matrix.shape[0] - 1) * (matrix.shape[1] - 1)
    if freedom == 0:
        return None
    rest = matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
    if np.abs(rest).max() <= _ROUNDING * np.abs(matrix).max():
        return 0.0
    return float(np.sqrt(np.square(rest).sum() / freedom))
