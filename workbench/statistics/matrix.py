"""From scores by seed and image to the matrix of differences."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.statistics.estimate import Matrix

Scores = Mapping[int, Mapping[str, float]]
"""Seed -> image -> score."""


@dataclass(frozen=True)
class Differences:
    """variant - base where both have a score."""

    delta: Matrix
    """Shape (seeds, images), in dB."""
    seeds: tuple[int, ...]
    images: tuple[str, ...]

    @property
    def seed_means(self) -> tuple[float, ...]:
        """The mean difference of each seed."""
        return tuple(float(mean) for mean in self.delta.mean(axis=1))


def differences(variant: Scores, base: Scores) -> Differences | None:
    """Pair two designs by seed and image.

    Only seeds that both have count, and only images that every one of these trials has: a
    difference must not come from another choice of images.

    Args:
        variant: Finite scores.
        base: Likewise.

    Returns:
        The differences, None if no seed or no image is shared.
    """
    seeds = tuple(seed for seed in variant if seed in base)
    trials = [scores[seed] for seed in seeds for scores in (variant, base)]
    if not trials:
        return None
    images = tuple(name for name in trials[0] if all(name in scores for scores in trials))
    if not images:
        return None
    delta = [[variant[seed][name] - base[seed][name] for name in images] for seed in seeds]
    return Differences(np.array(delta), seeds, images)
