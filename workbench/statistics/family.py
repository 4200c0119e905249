"""Many members, two tests each: one step-down that holds the error rate of all claims together.

A member is tested for "there is no difference" and for "the difference is beyond the margin". At
most one of these two nulls is true, so a family of m members has at most m true nulls, and one less
for each member both of whose nulls are rejected. Holm's step-down with these counts (Shaffer 1986,
Journal of the American Statistical Association 81) errs in at most alpha of all families with any
wrong verdict: better, worse or equivalent. A Holm for each of the two tests would allow twice that.
"""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Member = TypeVar("Member", bound=Hashable)


def step_down(
    p_values: Mapping[Member, tuple[float, float]], size: int | None = None
) -> dict[Member, tuple[float, float]]:
    """Return adjusted p: comparing each with alpha keeps the rate of any wrong claim at alpha.

    Args:
        p_values: By member, the p of "no difference" and that of "beyond the margin".
        size: Members that share alpha, if some are not tested now; these count as if their p
            were 1, which is always allowed.
    """
    waiting = len(p_values) if size is None else size
    ordered = sorted(
        ((p, member, test) for member, both in p_values.items() for test, p in enumerate(both)),
        key=lambda one: one[0],
    )
    found: dict[Member, dict[int, float]] = {member: {} for member in p_values}
    highest = 0.0
    for p, member, test in ordered:
        highest = max(highest, min(1.0, waiting * p))
        found[member][test] = highest
        waiting -= len(found[member]) == 2  # both rejected: neither null of it can be true
    return {member: (both[0], both[1]) for member, both in found.items()}


def holm(p_values: Mapping[Member, float]) -> dict[Member, float]:
    """Return the p of single tests adjusted by Holm's step-down (1979), in the order given."""
    adjusted: dict[Member, float] = {}
    highest = 0.0
    for rank, member in enumerate(sorted(p_values, key=lambda one: p_values[one])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[member]))
        adjusted[member] = highest
    return {member: adjusted[member] for member in p_values}
