"""Main effects first: gatekeeping for the effects of factorial designs.

An interaction is tested only once both of its main effects differ from 0 (strong heredity; Hamada
and Wu 1992, Journal of Quality Technology 24), so interactions cost main effects nothing: with m
main effects and n interactions the first main effect is tested at alpha / m, not alpha / (m + n).

Each null has a weight, and is rejected if its p is at most alpha times that weight:

- "no difference" of a main effect, where h of them are not rejected yet: `_main_weight(h)`, which
  is 1 / m at first and grows as main effects are rejected;
- "beyond the margin" of a main effect, and both nulls of an interaction whose main effects are
  rejected: a small weight w, until all main effects are rejected; from then on these members
  share alpha equally, in the step-down of `family.py`;
- both nulls of any other interaction: 0.

This is a multistage gatekeeping procedure (Dmitrienko, Tamhane and Wiens 2008, Biometrical Journal
50) with Bonferroni tests on the partition of the parameters (Finner and Strassburger 2002, Annals
of Statistics 30): a member is 0, beyond the margin, or neither, so one of its nulls is true at
most. For every such state of all members the weights of the true nulls add up to at most 1, and
rejections never lower the weight of another null; so alpha bounds the rate of any wrong verdict,
whatever the members have to do with one another.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import comb

from workbench.statistics.family import Member

Pairs = tuple[tuple[Hashable, Hashable], ...]
"""The pairs of main effects that an interaction is behind: it is tested once both of any pair
differ. An aliased interaction has several."""
_Null = tuple[Hashable, int]
"""A member and which of its nulls: 0 for "no difference", 1 for "beyond the margin"."""


@dataclass(frozen=True)
class Gates:
    """The structure of a gated family, with what earlier looks have found."""

    behind: Mapping[Hashable, Pairs]
    """By interaction, the main effects that come first; all members that are not here come
    first."""
    main_effects: frozenset[Hashable]
    """All of the family, also those that are not tested now."""
    differ: frozenset[Hashable] = frozenset()
    """Main effects for which an earlier look has rejected "no difference"."""
    settled: frozenset[Hashable] = frozenset()
    """Members that an earlier look has settled; they are not tested again."""

    def open(self, member: Hashable, differ: frozenset[Hashable]) -> bool:
        """Return whether a member is tested if these main effects differ."""
        pairs = self.behind.get(member)
        return pairs is None or any(differ.issuperset(pair) for pair in pairs)

    def shut(self, member: Hashable) -> bool:
        """Return whether no later look can test a member, as main effects are settled as equal."""
        return not self.open(member, self.main_effects - (self.settled - self.differ))

    @cached_property
    def small_weight(self) -> float:
        """The weight of what is not "no difference" of a main effect, while any of these waits.

        With r main effects rejected, at most r of them and the interactions of r (r - 1) / 2 pairs
        share what m - r main effects at 1 / m each leave.
        """
        mains = len(self.main_effects)
        return min(r / mains / (r + self._most_open(r)) for r in range(1, mains + 1))

    def main_weight(self, waiting: int) -> float:
        """Return the weight of "no difference" of a main effect, of which so many wait."""
        mains, small = len(self.main_effects), self.small_weight
        left = [
            (1 - small * (mains - h + self._most_open(mains - h))) / h
            for h in range(1, waiting + 1)
        ]
        return min(left)

    def _most_open(self, differing: int) -> int:
        """Return how many interactions are tested at most if so many main effects differ."""
        return min(len(self.behind), comb(differing, 2))

    def sharing(self, member: Hashable) -> int:
        """Return among how many members alpha is shared where a member is tested first."""
        first = member in self.main_effects
        return len(self.main_effects) if first else round(1 / self.small_weight)


def gated_step_down(
    p_values: Mapping[Member, tuple[float, float]], gates: Gates
) -> dict[Member, tuple[float, float]]:
    """Return adjusted p: comparing each with alpha keeps the rate of any wrong claim at alpha.

    The adjusted p of an interaction is never below those of its main effects.

    Args:
        p_values: By member, the p of "no difference" and that of "beyond the margin".
        gates: Of the whole family; its members without a p count as if theirs were 1.
    """
    rejected: set[_Null] = {(member, 0) for member in gates.differ}
    left: dict[_Null, float] = {
        (member, test): p for member, both in p_values.items() for test, p in enumerate(both)
    }
    adjusted: dict[_Null, float] = {}
    highest = 0.0
    while left:
        weights = _weights(left, rejected, gates)
        if not weights:
            break
        null = min(weights, key=lambda one: left[one] / weights[one])
        highest = max(highest, min(1.0, left.pop(null) / weights[null]))
        adjusted[null] = highest
        rejected.add(null)
    return {
        member: (adjusted.get((member, 0), 1.0), adjusted.get((member, 1), 1.0))
        for member in p_values
    }


def _weights(left: Mapping[_Null, float], rejected: set[_Null], gates: Gates) -> dict[_Null, float]:
    """Return the weights of the nulls that can be rejected next."""
    differ = frozenset(member for member in gates.main_effects if (member, 0) in rejected)
    waiting = gates.main_effects - differ - gates.settled
    if waiting:
        main, other = gates.main_weight(len(waiting)), gates.small_weight
    else:
        main, other = 0.0, 1 / max(1, _sharing_last(rejected, gates))
    return {
        null: main if null[1] == 0 and null[0] in waiting else other
        for null in left
        if gates.open(null[0], differ)
    }


def _sharing_last(rejected: set[_Null], gates: Gates) -> int:
    """Return how many members share alpha once no main effect waits."""
    members = (gates.main_effects | gates.behind.keys()) - gates.settled
    return sum(
        not {(member, 0), (member, 1)} <= rejected and not gates.shut(member) for member in members
    )
