"""Differences with a known truth, to try the statistics on."""

from dataclasses import dataclass

import numpy as np

from workbench.statistics.estimate import Matrix


@dataclass(frozen=True)
class Truth:
    """The true distribution of variant - base; all in dB."""

    effect: float = 0.0
    """True difference of the designs."""
    seed_sd: float = 0.02
    """Retraining: sd of a seed's mean difference."""
    image_sd: float = 0.07
    """Some images gain and others lose, whatever the seed. Among relatives of one network the
    public scores show 0.06 to 0.07."""
    noise_sd: float = 0.03
    """What is left for one seed and image."""
    tails: float | None = None
    """Degrees of freedom of a t distribution for images; None is normal. 3 is about as
    heavy as the public scores, which are known for single images that move a mean."""


def simulate(truth: Truth, seeds: int, images: int, draw: np.random.Generator) -> Matrix:
    """Return differences of shape (seeds, images)."""
    delta: Matrix = simulate_studies(truth, seeds, images, 1, draw)[0]
    return delta


def simulate_studies(
    truth: Truth, seeds: int, images: int, repeats: int, draw: np.random.Generator
) -> Matrix:
    """Return the differences of many studies, of shape (repeats, seeds, images)."""
    if truth.tails is None:
        by_image = draw.normal(0, truth.image_sd, (repeats, 1, images))
    else:
        unit = np.sqrt(truth.tails / (truth.tails - 2))  # sd of the t distribution
        by_image = draw.standard_t(truth.tails, (repeats, 1, images)) / unit * truth.image_sd
    by_seed = draw.normal(0, truth.seed_sd, (repeats, seeds, 1))
    noise = draw.normal(0, truth.noise_sd, (repeats, seeds, images))
    delta: Matrix = truth.effect + by_seed + by_image + noise
    return delta
