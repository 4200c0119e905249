"""Which of several factors stand out from noise: permutation tests with one error rate for all.

A share of importance is never 0, and of several dead dimensions one is always the largest. So each
factor is tested against scores that are shuffled among the networks, and the smallest p of a
shuffle is what all factors have to beat (Westfall and Young's min-P): if no factor matters, the
chance that any is called a finding is the error rate.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

SHUFFLES = 1_999
"""Shuffles of the scores; the smallest p is 1 / 2,000."""
MOST_LEVELS = 5
"""Numbers of more values than these are compared in as many groups of equal size."""
TOP = 0.1
"""Share of the networks that are the good ones, as PED-ANOVA takes them."""


def levels_of(values: Sequence[object]) -> NDArray[np.float64]:
    """Return which level each thing has, as a matrix of 0 and 1, levels x things.

    Args:
        values: Of a factor, one a thing. Numbers of more than `MOST_LEVELS` values are grouped by
            their rank; anything else has a level a value.
    """
    known = list(dict.fromkeys(map(repr, values)))
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(values) and len(known) > MOST_LEVELS:
        ranks = rankdata(numbers, method="average") - 0.5
        groups = np.floor(ranks * MOST_LEVELS / len(numbers)).astype(int)
    else:
        groups = np.array([known.index(repr(value)) for value in values])
    matrix: NDArray[np.float64] = (groups == np.unique(groups)[:, None]).astype(float)
    return matrix


def main_effect_ps(
    factors: Mapping[str, Sequence[object]], scores: Sequence[float], seed: int = 0
) -> dict[str, float]:
    """Return the p of each factor's main effect on the rank of the score, over all factors.

    The measure is the share of the ranks' variance between the levels: what fANOVA estimates for
    one dimension, without a forest.

    Args:
        factors: By name, a value for each thing.
        scores: Of the things; only their order counts.
        seed: Of the shuffles.
    """
    ranks = rankdata(scores)
    return _adjusted(factors, ranks - ranks.mean(), _between, seed)


def good_ones_ps(
    factors: Mapping[str, Sequence[object]], scores: Sequence[float], seed: int = 0
) -> dict[str, float]:
    """Return the p that the good ones have other values of a factor than all, over all factors.

    The measure is Pearson's divergence of the two distributions over the levels: what PED-ANOVA
    estimates, without its smoothing.

    Args:
        factors: By name, a value for each thing.
        scores: Of the things; higher is better, and the best `TOP` are the good ones.
        seed: Of the shuffles.
    """
    count = max(2, int(np.ceil(TOP * len(scores))))
    good = (np.asarray(scores) >= np.sort(scores)[-count]).astype(float)  # equal ones, too
    return _adjusted(factors, good, _divergence, seed)


def _between(levels: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of squares between levels; values are things x shuffles, mean 0."""
    sums = levels @ values
    between: NDArray[np.float64] = (sums**2 / levels.sum(1, keepdims=True)).sum(0)
    return between


def _divergence(levels: NDArray[np.float64], good: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Pearson's divergence of the good ones from all; good is things x shuffles, 0 or 1."""
    share = levels.mean(1, keepdims=True)
    among_good = levels @ good / good.sum(0)
    divergence: NDArray[np.float64] = (share * (among_good / share - 1) ** 2).sum(0)
    return divergence


def _adjusted(
    factors: Mapping[str, Sequence[object]],
    values: NDArray[np.float64],
    measure: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    seed: int,
) -> dict[str, float]:
    """Return the p of each factor by min-P; the first column is what was observed."""
    draw = np.random.default_rng(seed)
    shuffled = np.column_stack([values, *(draw.permutation(values) for _ in range(SHUFFLES))])
    found = np.array([measure(levels_of(factor), shuffled) for factor in factors.values()])
    # Equal measures count as at least as large; rounding must not part them.
    found = np.round(found, 9)
    ps = rankdata(-found, method="max", axis=1) / found.shape[1]
    smallest = ps.min(0)
    return {name: float((smallest <= own[0]).mean()) for name, own in zip(factors, ps, strict=True)}
