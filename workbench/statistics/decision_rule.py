"""What decides verdicts, fixed before a study begins. No numpy: options print its defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ALPHA = 0.05
"""Family-wise error rate on one data set."""
MARGIN_DB = 0.02
"""Equivalence margin (TOST), PSNR in dB."""


Verdict = Literal[
    "better",
    "worse",
    "equivalent",
    "undecided",
    "not testable",
    "used",
    "unused",
    "better without",
    "unclear",
]
"""Conclusion from a difference of PSNR; `not testable` with one seed. The last four are of lesions,
which say what weights use and nothing about designs."""
OF_LESIONS: Mapping[Verdict, Verdict] = {
    "better": "better without",
    "worse": "used",
    "equivalent": "unused",
    "undecided": "unclear",
    "not testable": "not testable",
}
"""What each conclusion is called where a part was removed from trained weights."""
SETTLED: tuple[Verdict, ...] = (
    *("better", "worse", "equivalent"),
    *("used", "unused", "better without"),
)
DIFFER: tuple[Verdict, ...] = ("better", "worse", "used", "better without")
"""Verdicts of a difference from 0."""
WITHIN_MARGIN: tuple[Verdict, ...] = ("equivalent", "unused")
"""Verdicts of the equivalence test."""

ErrorRateScope = Literal["dataset", "study"]
"""What the error rate holds for: the verdicts of each data set, or of all data sets together."""

Spending = Literal["power", "obrien-fleming"]
"""How looks share alpha: the second is that of studies which version 0.3.0 or older declared."""


@dataclass(frozen=True)
class FormerLook:
    """A look at the same trials that an earlier declaration of the study has had."""

    seeds: tuple[int, ...]
    """Seeds that were finished then."""
    alpha: float
    """Error rate that it spent."""
    members: frozenset[str]
    """The members that it judged; others have spent nothing."""


@dataclass(frozen=True)
class DecisionRule:
    """Error rate, equivalence margin and interim looks of a family of comparisons."""

    alpha: float = ALPHA
    """Error rate of any wrong verdict in the family, in 0..1."""
    margin_db: float = MARGIN_DB
    """Equivalence margin (TOST), PSNR in dB, at least 0; with 0 nothing is called equivalent."""
    looks: tuple[tuple[int, ...], ...] = ()
    """All seeds at each look of a sequential study, which adds seeds to undecided comparisons.
    Empty: one look at all seeds."""
    scope: ErrorRateScope = "dataset"
    """Whether `alpha` holds on each data set or over all of them."""
    spending: Spending = "power"
    """How the looks share alpha."""
    former: tuple[FormerLook, ...] = ()
    """Looks of earlier declarations, in the order of their seeds; what they spent is gone."""

    passed_over: int = 0
    """Networks of a search that are not in the family although they were compared with its members,
    which are the best of them: they count in the correction."""

    def spent_before(self, member: str) -> float:
        """Return how much of alpha earlier looks at a member have spent."""
        return sum(look.alpha for look in self.former if member in look.members)


DEFAULT_RULE = DecisionRule()
