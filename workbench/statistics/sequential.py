"""More seeds without peeking: the error rate is spent over the looks by a rule fixed beforehand.

A study of `3..10` seeds looks at its data after 3 seeds, after 6 and after 10. Up to a look with a
share t of all seeds, alpha t^1.5 is spent (the power family of Kim and DeMets 1987, Biometrika 74):
0.008, 0.015 and 0.027 of 0.05. The shares add up to alpha, so by Bonferroni's inequality the whole
study errs with at most alpha, whatever the looks have to do with one another. Until version 0.3.0
they followed O'Brien and Fleming, whose first look is empty: t must exceed 54 there, now 11.

A member that a look settles is not judged again, and what it has not spent goes to the others (a
group sequential Holm; Maurer and Bretz 2013, Statistics in Biopharmaceutical Research 5).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.statistics.decision_rule import DecisionRule, Spending

EXPONENT = 1.5
"""Of the power family."""


@dataclass(frozen=True)
class Look:
    """One look at a member of a family."""

    seeds: tuple[int, ...]
    """All seeds of the look; empty for all that there are."""
    alpha: float
    """Error rate of the look; 0 if nothing is left, so that it settles nothing."""


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


def spent(alpha: float, seeds: int, most: int, spending: Spending = "power") -> float:
    """Return how much of alpha may be spent up to a look.

    Args:
        alpha: Error rate of the whole study.
        seeds: Seeds at this look, 0..most.
        most: Seeds at the last look.
        spending: The spending function.
    """
    share = seeds / most
    if spending == "power" or share == 0:
        return float(alpha * share**EXPONENT)
    from scipy import stats

    return float(2 * stats.norm.sf(stats.norm.ppf(1 - alpha / 2) / share**0.5))


def shares(
    alpha: float, seeds: Sequence[int], *, before: int = 0, spending: Spending = "power"
) -> tuple[float, ...]:
    """Return the error rate of each look; they add up to alpha.

    Args:
        alpha: Error rate of all these looks.
        seeds: Seeds at each look, increasing.
        before: Seeds that were judged before the first of these looks.
        spending: The spending function.
    """
    if alpha == 0:
        return (0.0,) * len(seeds)
    most = seeds[-1]
    total = [spent(alpha, count, most, spending) for count in (before, *seeds)]
    left = total[-1] - total[0]
    return tuple(alpha * (after - first) / left for first, after in itertools.pairwise(total))


def schedule(rule: DecisionRule, member: str) -> tuple[Look, ...]:
    """Return the looks at a member: those of earlier declarations, then the rule's own.

    Args:
        rule: With its looks and what was spent before.
        member: Its name.
    """
    former = tuple(Look(look.seeds, look.alpha) for look in rule.former if member in look.members)
    left = max(rule.alpha - rule.spent_before(member), 0.0)
    before = len(former[-1].seeds) if former else 0
    own = [seeds for seeds in rule.looks if len(seeds) > before]
    if not own:
        return (*former, Look((), left))
    rates = shares(left, [len(seeds) for seeds in own], before=before, spending=rule.spending)
    return (*former, *(Look(*one) for one in zip(own, rates, strict=True)))
