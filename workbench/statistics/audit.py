"""The statistics tried on differences whose truth is known: how often they err or find."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.statistics.crossed import Values
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB, Verdict
from workbench.statistics.estimate import Matrix
from workbench.statistics.many_studies import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    judge_studies,
)
from workbench.statistics.simulation import Truth, simulate_studies

_CODES: dict[Verdict, int] = {
    "better": BETTER,
    "worse": WORSE,
    "equivalent": EQUIVALENT,
    "undecided": UNDECIDED,
}
VERDICTS: tuple[Verdict, ...] = tuple(_CODES)
_AT_ONCE = 250
"""Studies that are held in memory at once."""


@dataclass(frozen=True)
class Rate:
    """A share of repeats, with a 95 % interval (Wilson)."""

    count: int
    repeats: int

    @property
    def share(self) -> float:
        """The share itself."""
        return self.count / self.repeats

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies."""
        from scipy import stats

        found = stats.binomtest(self.count, self.repeats).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class Audit:
    """How the verdicts on one simulated truth came out."""

    truth: Truth
    rates: dict[Verdict, Rate]

    @property
    def false_positives(self) -> Rate:
        """Better or worse, which is wrong where there is no effect."""
        both = self.rates["better"].count + self.rates["worse"].count
        return Rate(both, self.rates["better"].repeats)


def audit_retrained(
    scores: Matrix, splits: int, *, alpha: float = ALPHA, margin_db: float = MARGIN_DB
) -> tuple[dict[Verdict, Rate], float]:
    """Compare a design with itself: seeds are split at random into two studies of one half each.

    The splits share their runs, so an interval over splits would claim too much; what this shows is
    whether these runs, paired in any way, look like a difference.

    Args:
        scores: Shape (seeds, images), an even number of seeds of one design, at least 4.
        splits: How often they are split.
        alpha: Error rate of a study.
        margin_db: Differences within it do not matter.

    Returns:
        Rates of the verdicts over splits, and the retraining sd of the mean score in dB.
    """
    draw = np.random.default_rng(0)
    half = len(scores) // 2
    orders = np.array([draw.permutation(len(scores)) for _ in range(splits)])
    verdicts = [
        judge_studies(
            [scores[some[:, :half]] - scores[some[:, half : 2 * half]]],
            (half,),
            alpha=alpha,
            margin_db=margin_db,
        )
        for some in np.array_split(orders, -(-splits // _AT_ONCE))
    ]
    rates = _rates(np.concatenate(verdicts))
    return rates, float(scores.mean(axis=1).std(ddof=1))


def audit(
    truth: Truth,
    seeds: int,
    images: int,
    repeats: int,
    *,
    alpha: float = ALPHA,
    margin_db: float = MARGIN_DB,
    progress: Callable[[int], None] = lambda _: None,
) -> Audit:
    """Judge simulated studies of one variant.

    Args:
        truth: How their differences come about.
        seeds: At least 2.
        images: At least 1.
        repeats: Number of studies.
        alpha: Error rate of a study.
        margin_db: Differences within it do not matter.
        progress: Called with the number of finished studies after each group of them.
    """
    draw = np.random.default_rng(0)  # the same command prints the same table
    verdicts = []
    for start in range(0, repeats, _AT_ONCE):
        count = min(_AT_ONCE, repeats - start)
        delta = simulate_studies(truth, seeds, images, count, draw)
        verdicts.append(judge_studies([delta], (seeds,), alpha=alpha, margin_db=margin_db))
        progress(start + count)
    return Audit(truth, _rates(np.concatenate(verdicts)))


def _rates(verdicts: Values) -> dict[Verdict, Rate]:
    return {
        name: Rate(int((verdicts == code).sum()), len(verdicts)) for name, code in _CODES.items()
    }
