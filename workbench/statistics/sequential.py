"""More seeds without peeking: the error rate is spent over the looks by a rule fixed beforehand.

A study of `3..10` seeds looks at its data after 3 seeds, after 6 and after 10. Each look may err
with a share of alpha; the shares follow the spending function of O'Brien and Fleming (as Lan and
DeMets have it) and add up to alpha, so by Bonferroni's inequality the whole study errs with at
most alpha, whatever the looks have to do with one another.

Few looks, because each costs: after 3, 6 and 10 seeds the last one still has 0.039 of 0.05, with a
look after every seed it would have 0.011.
"""

import itertools
from collections.abc import Sequence


def looks(first: int, most: int) -> tuple[int, ...]:
    """Return after how many seeds a study looks: first, twice as many, and so on, then most.

    Args:
        first: Seeds of the first look, at least 1.
        most: Seeds of the last look, at least as many.

    Raises:
        ValueError: If they are not in this order.
    """
    if not 1 <= first <= most:
        raise ValueError(f"looks need 1 <= first <= most, got {first} and {most}")
    found = []
    while first < most:
        found.append(first)
        first *= 2
    return (*found, most)


def spent(alpha: float, seeds: int, most: int) -> float:
    """Return how much of alpha may be spent up to a look.

    Args:
        alpha: Error rate of the whole study.
        seeds: Seeds at this look, 1..most.
        most: Seeds at the last look.
    """
    from scipy import stats

    share = seeds / most
    return float(2 * stats.norm.sf(stats.norm.ppf(1 - alpha / 2) / share**0.5))


def shares(alpha: float, seeds: Sequence[int]) -> tuple[float, ...]:
    """Return the error rate of each look; they add up to alpha.

    Args:
        alpha: Error rate of the whole study.
        seeds: Seeds at each look, increasing.
    """
    total = [0.0, *(spent(alpha, count, seeds[-1]) for count in seeds)]
    return tuple(after - before for before, after in itertools.pairwise(total))
