"""How often an interval errs, over all sizes of studies and all mixes of spreads."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from workbench.statistics.audit import Rate
from workbench.statistics.crossed import mean_squares, two_sided_p
from workbench.statistics.decision_rule import ALPHA
from workbench.statistics.simulation import Truth, simulate_studies

SEEDS = (2, 3, 4, 6, 10, 20)
IMAGES = (2, 5, 14, 100, 200)
TAILS = (None, 3.0)
MIXES = ((1.0, 0.0, 0.0), (0.34, 0.33, 0.33), (0.9, 0.1, 0.0), (0.5, 0.5, 0.0), (0.1, 0.9, 0.0))
"""Shares of seeds, images and rest in the variance of the mean."""
CELLS = len(SEEDS) * len(IMAGES)
_NUMBERS_AT_ONCE = 400_000


@dataclass(frozen=True)
class GridCell:
    """One size of a study."""

    seeds: int
    images: int
    worst: Rate
    """Better or worse without an effect, in the mix of spreads and the tails with most of them."""


def grid(repeats: int, progress: Callable[[int], None] = lambda _: None) -> Iterator[GridCell]:
    """Yield the worst error of each cell.

    Args:
        repeats: Studies of each mix of spreads, with normal and with heavy tails.
        progress: Called with the number of finished cells after each one.
    """
    draw = np.random.default_rng(0)  # the same command prints the same table
    for done, (seeds, images) in enumerate(itertools.product(SEEDS, IMAGES), start=1):
        counts = [
            _wrong(_truth(mix, seeds, images, tails), seeds, images, repeats, draw)
            for mix in MIXES
            for tails in TAILS
        ]
        yield GridCell(seeds, images, Rate(max(counts), repeats))
        progress(done)


def _truth(mix: tuple[float, float, float], seeds: int, images: int, tails: float | None) -> Truth:
    seed, image, rest = np.sqrt(mix) * 0.02
    return Truth(
        seed_sd=float(seed * seeds**0.5),
        image_sd=float(image * images**0.5),
        noise_sd=float(rest * (seeds * images) ** 0.5),
        tails=tails,
    )


def _wrong(truth: Truth, seeds: int, images: int, repeats: int, draw: np.random.Generator) -> int:
    """Return how many studies without an effect find one."""
    wrong, at_once = 0, max(1, _NUMBERS_AT_ONCE // (seeds * images))
    for start in range(0, repeats, at_once):
        count = min(at_once, repeats - start)
        parts = mean_squares(simulate_studies(truth, seeds, images, count, draw))
        wrong += int((two_sided_p(*parts, seeds, images) <= ALPHA).sum())
    return wrong
