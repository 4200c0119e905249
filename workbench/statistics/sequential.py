"""More seeds without peeking: the error rate is spent over the looks by a rule fixed beforehand.

A study of `3..10` seeds looks at its data after 3 seeds, after 4, and so on. Each look may err
with a share of alpha; the shares follow the spending function of O'Brien and Fleming (as Lan and
DeMets have it) and add up to alpha, so by Bonferroni's inequality the whole study errs with at
most alpha, whatever the looks have to do with one another.
"""

from scipy import stats


def spent(alpha: float, seeds: int, most: int) -> float:
    """Return how much of alpha may be spent up to a look.

    Args:
        alpha: Error rate of the whole study.
        seeds: Seeds at this look, 1..most.
        most: Seeds at the last look.
    """
    share = seeds / most
    return float(2 * stats.norm.sf(stats.norm.ppf(1 - alpha / 2) / share**0.5))


def alpha_at(alpha: float, seeds: int, first: int, most: int) -> float:
    """Return the error rate of one look.

    Args:
        alpha: Error rate of the whole study.
        seeds: Seeds at this look.
        first: Seeds at the first look.
        most: Seeds at the last look.

    Raises:
        ValueError: If the look is none of the study's.
    """
    if not first <= seeds <= most:
        raise ValueError(f"a look must have {first}..{most} seeds, got {seeds}")
    before = spent(alpha, seeds - 1, most) if seeds > first else 0.0
    return spent(alpha, seeds, most) - before
