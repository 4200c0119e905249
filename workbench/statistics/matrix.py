"""From scores by seed and image to the matrix of differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.statistics.estimate import Matrix

Scores = Mapping[int, Mapping[str, float]]
"""Seed -> image -> score."""


@dataclass(frozen=True)
class Differences:
    """What designs differ by, such as variant - base, where all have a score."""

    delta: Matrix
    """Shape (seeds, images), in dB."""
    seeds: tuple[int, ...]
    images: tuple[str, ...]
    fixed_weights: bool = False
    """Whether nothing was trained, so that only images vary."""

    @property
    def seed_means(self) -> tuple[float, ...]:
        """The mean difference of each seed."""
        return tuple(float(mean) for mean in self.delta.mean(axis=1))


def differences(variant: Scores, base: Scores) -> Differences | None:
    """Pair two designs by seed and image.

    Args:
        variant: Finite scores.
        base: Likewise.

    Returns:
        The differences, None if no seed or no image is shared.
    """
    return contrast([(1.0, variant), (-1.0, base)])


def contrast(terms: Sequence[tuple[float, Scores]]) -> Differences | None:
    """Return a weighted sum of designs, paired by seed and image.

    Only seeds that all have count, and only images that every one of these trials has: a
    difference must not come from another choice of images.

    Args:
        terms: Weight and finite scores of each design; at least one.

    Returns:
        The sums, None if no seed or no image is shared.
    """
    seeds = tuple(s for s in terms[0][1] if all(s in scores for _, scores in terms))
    trials = [scores[seed] for seed in seeds for _, scores in terms]
    if not trials:
        return None
    images = tuple(name for name in trials[0] if all(name in scores for scores in trials))
    if not images:
        return None
    delta = np.zeros((len(seeds), len(images)))
    for weight, scores in terms:
        delta += weight * np.array([[scores[seed][name] for name in images] for seed in seeds])
    return Differences(delta, seeds, images)
