"""The paired difference of two designs over seeds x images.

Seeds are the unit of the claim "this design is better"; images are a sample, too. Each seed gives
the same crops and initial weights to both designs, so differences are taken seed by seed and image
by image. With one seed the claim cannot be tested.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


@dataclass(frozen=True)
class PairedDifference:
    """Difference of two designs on one data set; positive means the variant is better."""

    mean: float
    low: float | None
    """Lower end of the confidence interval; None where it is not testable."""
    high: float | None
    seeds: int
    images: int
    seed_sd: float | None
    """Standard deviation of the seed means; None with one seed."""

    @property
    def testable(self) -> bool:
        """Whether seeds allow a claim about the design at all."""
        return self.seeds > 1


def paired_difference(
    variant: ArrayLike, base: ArrayLike, *, confidence: float = 0.95
) -> PairedDifference:
    """Estimate variant - base with a two-way interval over seeds and images.

    The squared standard error is s_seed^2 / S + s_image^2 / I, with S - 1 degrees of freedom: it
    covers new seeds and new images, and is conservative where the two overlap.

    Args:
        variant: Scores, shape (seeds, images).
        base: Scores of the same seeds and images.
        confidence: Of the interval, in 0..1.

    Raises:
        ValueError: If the shapes differ or are not (seeds, images).
    """
    left, right = np.asarray(variant, dtype=float), np.asarray(base, dtype=float)
    if left.shape != right.shape or left.ndim != 2 or left.size == 0:
        raise ValueError(
            f"scores must have one shape (seeds, images), got {left.shape} and {right.shape}"
        )
    delta = left - right
    seeds, images = delta.shape
    mean = float(delta.mean())
    if seeds < 2:
        return PairedDifference(mean, None, None, seeds, images, None)
    half = _half_width(delta, confidence)
    seed_sd = float(delta.mean(axis=1).std(ddof=1))
    return PairedDifference(mean, mean - half, mean + half, seeds, images, seed_sd)


def per_image_difference(
    left: ArrayLike, right: ArrayLike, *, confidence: float = 0.95
) -> PairedDifference:
    """Estimate left - right of two networks whose weights are given, over images alone.

    It says which weights are better on such images, and nothing about the designs behind them.

    Args:
        left: Score of each image.
        right: Score of the same images.
        confidence: Of the t interval over new images, in 0..1.

    Raises:
        ValueError: If the images differ in number or there are none.
    """
    first, second = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    if first.shape != second.shape or first.ndim != 1 or first.size == 0:
        raise ValueError(f"scores must be of the same images, got {first.shape} and {second.shape}")
    delta = first - second
    mean, images = float(delta.mean()), len(delta)
    if images < 2:
        return PairedDifference(mean, None, None, 1, images, None)
    quantile = float(stats.t.ppf(0.5 + confidence / 2, images - 1))
    half = quantile * float(delta.std(ddof=1)) / math.sqrt(images)
    return PairedDifference(mean, mean - half, mean + half, 1, images, None)


def _half_width(delta: NDArray[np.float64], confidence: float) -> float:
    seeds, images = delta.shape
    variance = delta.mean(axis=1).var(ddof=1) / seeds
    if images > 1:
        variance += delta.mean(axis=0).var(ddof=1) / images
    quantile = stats.t.ppf(0.5 + confidence / 2, seeds - 1)
    return float(quantile * math.sqrt(variance))
