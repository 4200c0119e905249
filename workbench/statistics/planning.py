"""How many more seeds would settle an undecided difference, and with what odds."""

import math
from dataclasses import dataclass

from workbench.statistics.estimate import Estimate

MOST_SEEDS = 1_000
"""More seeds than that are no plan."""
LAST_LOOK = 0.5
"""Share of alpha that the last look of a sequential study such as 3..10 has."""


@dataclass(frozen=True)
class MoreSeeds:
    """A plan for an undecided difference."""

    seeds: int
    """How many more."""
    odds: float
    """Probability that they settle it, in 0..1, if the spreads are the true ones."""


def more_seeds(found: Estimate, *, alpha: float, margin_db: float) -> MoreSeeds | None:
    """Return how many more seeds would settle a difference if it stays what it is, and the odds.

    The number is the least with which p would reach alpha if the mean stayed; it will not stay, so
    the odds are often not far above one half.

    Args:
        found: What the seeds so far gave; its spreads are taken for the true ones.
        alpha: Error rate that is left for this one member, in 0..1.
        margin_db: Differences within it do not matter.

    Returns:
        None if more than `MOST_SEEDS` would be needed, nothing is left, or there is one seed.
    """
    if found.error is None or alpha <= 0:
        return None
    error, mean = found.error, abs(found.mean)

    def settled(seeds: int) -> bool:
        then = error.with_seeds(seeds)
        inside = margin_db - mean
        return then.p(mean) <= alpha or (inside > 0 and then.p(inside) / 2 <= alpha)

    # More seeds never unsettle it, so the least number is found by bisection.
    few, many = found.seeds, MOST_SEEDS
    if few >= many or not settled(many):
        return None
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if settled(middle) else (middle, many)
    more = many - found.seeds
    return MoreSeeds(more, _odds(found, many, alpha, margin_db))


def _odds(found: Estimate, seeds: int, alpha: float, margin_db: float) -> float:
    """Return the probability that the mean of `seeds` is settled, given the mean so far.

    The images stay, so the mean moves by the seeds only: by s sqrt((n - S) / (n S)) in all, s being
    the standard deviation of the seeds' means, S the seeds so far and n those then.
    """
    from scipy.special import stdtr

    assert found.error is not None
    assert found.seed_sd is not None
    then = found.error.with_seeds(seeds)
    move = found.seed_sd * math.sqrt((seeds - found.seeds) / (seeds * found.seeds))
    outer = then.half_width(alpha)
    inner = margin_db - then.half_width(min(2 * alpha, 1.0))
    if move == 0:
        return 1.0

    def below(limit: float) -> float:
        return float(stdtr(found.seeds - 1, (limit - found.mean) / move))

    odds = below(-outer) + 1 - below(outer)
    if inner > 0:
        inside = min(inner, outer)  # beyond `outer` it is settled anyway
        odds += below(inside) - below(-inside)
    return min(max(odds, 0.0), 1.0)
