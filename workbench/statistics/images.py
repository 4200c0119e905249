"""Two networks whose weights are given, image by image.

Such a difference says which weights are better on images of this kind, and nothing about the
designs behind them: for that, seeds are the unit (`estimate.py`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class ImageDifference:
    """Left minus right over images, in dB."""

    mean: float
    interval: tuple[float, float] | None
    """t interval over new images; None with one image."""
    confidence: float
    """Of the interval, in 0..1."""
    images: int
    won: float
    """Number of images on which left is better; a tie counts half."""


@dataclass(frozen=True)
class ImageError:
    """What the mean over images may be off by where only images vary: Student's t."""

    image_sd: float
    """Standard deviation of the images' differences, dB."""
    images: int
    """At least 2."""

    @property
    def variance(self) -> float:
        """Variance of the mean, dB^2."""
        return self.image_sd**2 / self.images

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the variance."""
        return self.images - 1

    def half_width(self, alpha: float) -> float:
        """Return half the interval of confidence 1 - alpha, dB."""
        from scipy import stats

        return float(stats.t.ppf(1 - alpha / 2, self.degrees)) * math.sqrt(self.variance)

    def p(self, distance: float) -> float:
        """Return the two-sided p of a true mean that is `distance` dB away."""
        from scipy import stats

        if self.variance == 0:
            return float(distance == 0)
        return float(2 * stats.t.sf(abs(distance) / math.sqrt(self.variance), self.degrees))

    def with_seeds(self, seeds: int) -> "ImageError":  # noqa: ARG002
        """Return the same: more seeds change nothing."""
        return self


def image_difference(
    left: ArrayLike, right: ArrayLike, *, confidence: float = 0.95
) -> ImageDifference:
    """Compare two networks over the same images.

    Args:
        left: Score of each image.
        right: Score of the same images.
        confidence: Of the interval, in 0..1.

    Raises:
        ValueError: If the images differ in number or there are none.
    """
    from scipy import stats

    first, second = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    if first.shape != second.shape or first.ndim != 1 or first.size == 0:
        raise ValueError(f"scores must be of the same images, got {first.shape} and {second.shape}")
    delta = first - second
    mean, images = float(delta.mean()), len(delta)
    won = float((delta > 0).sum() + 0.5 * (delta == 0).sum())
    if images < 2:
        return ImageDifference(mean, None, confidence, images, won)
    quantile = float(stats.t.ppf(0.5 + confidence / 2, images - 1))
    half = quantile * float(delta.std(ddof=1)) / math.sqrt(images)
    return ImageDifference(mean, (mean - half, mean + half), confidence, images, won)
