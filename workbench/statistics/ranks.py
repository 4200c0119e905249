"""Rank correlation: Kendall's tau, alone and with a third quantity held fixed.

A cheap estimate of quality that only counts parameters correlates with quality, too. Partial tau
measures what it adds beyond them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh

FEWEST = 5
"""Fewest pairs for a rank correlation."""
_FIELLER = 0.437
"""(n - 4) times the variance of atanh(tau), after Fieller, Hartley and Pearson (1957)."""


@dataclass(frozen=True)
class RankCorrelation:
    """Kendall's tau-b of `count` pairs."""

    tau: float
    """-1..1."""
    count: int

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return where the tau of all that could have been drawn lies; approximate."""
        from scipy import stats

        if abs(self.tau) >= 1:
            return self.tau, self.tau
        half = float(stats.norm.ppf(0.5 + confidence / 2)) * sqrt(_FIELLER / (self.count - 4))
        middle = atanh(self.tau)
        return tanh(middle - half), tanh(middle + half)


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> RankCorrelation | None:
    """Return Kendall's tau-b of two quantities of the same things.

    None for fewer than `FEWEST` things, or where a quantity is the same for all of them.
    """
    from scipy import stats

    if len(one) < FEWEST or len(set(one)) == 1 or len(set(other)) == 1:
        return None
    tau = float(stats.kendalltau(one, other).statistic)
    return RankCorrelation(round(tau, 12), len(one))  # a perfect one is 1 to the last digit


def partial_tau(
    one: Sequence[float], other: Sequence[float], fixed: Sequence[float]
) -> float | None:
    """Return Kendall's partial tau of two quantities while a third one is held fixed.

    None where it is not defined: too few things, or one of the two follows the third exactly.
    """
    pairs = ((one, other), (one, fixed), (other, fixed))
    between, with_one, with_other = (rank_correlation(*pair) for pair in pairs)
    if between is None:
        return None
    if with_one is None or with_other is None:  # what is the same for all is fixed already
        return between.tau
    left = (1 - with_one.tau**2) * (1 - with_other.tau**2)
    return None if left <= 0 else (between.tau - with_one.tau * with_other.tau) / sqrt(left)
