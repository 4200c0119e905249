"""How much a difference depends on single images, and robust figures beside its mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Sensitivity:
    """Figures beside the mean, over the images' differences (each the mean over seeds)."""

    median: float
    win_rate: float
    """Share of images on which the variant is better; a tie counts half."""
    low_without_one: float
    """Least mean that leaving out one image gives; the mean itself with one image."""
    high_without_one: float
    most_influential: str
    """The image whose absence moves the mean most."""

    @property
    def one_image_decides_the_sign(self) -> bool:
        """Whether leaving out one image can turn the sign of the mean."""
        return self.low_without_one < 0 < self.high_without_one


def sensitivity(delta: ArrayLike, names: Sequence[str]) -> Sensitivity:
    """Look at a difference image by image.

    Args:
        delta: Shape (seeds, images), finite.
        names: Of the images.
    """
    images = np.asarray(delta, dtype=float).mean(axis=0)
    mean, count = images.mean(), len(images)
    without = (images.sum() - images) / (count - 1) if count > 1 else images
    wins = (images > 0).mean() + 0.5 * (images == 0).mean()
    return Sensitivity(
        median=float(np.median(images)),
        win_rate=float(wins),
        low_without_one=float(without.min()),
        high_without_one=float(without.max()),
        most_influential=names[int(np.abs(without - mean).argmax())],
    )
