"""Does the number of further seeds that an undecided difference is given settle it?

`python -m tests.benchmarks.further_seeds [--repeats N]` simulates studies of 4 seeds x 100 images
whose true differences are spread by 0.04 dB. For those that stay undecided it trains as many
further seeds as advised, and prints how often they are settled then, beside the odds that were
stated. 0.3.0 had the same rule for its interval, of two one-way errors with min(S, I) - 1 degrees,
and stated no odds.
"""

import argparse
import sys

import numpy as np
from scipy import stats

from workbench.statistics.crossed import mean_squares, two_sided_p
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB
from workbench.statistics.estimate import Matrix, estimate
from workbench.statistics.planning import more_seeds
from workbench.statistics.simulation import Truth, simulate

SEEDS, IMAGES, SPREAD_DB = 4, 100, 0.04
MOST = 40
"""Advice to train more seeds than this counts as no advice: it is not affordable."""


def settled_now(delta: Matrix) -> bool:
    """Return whether a difference is shown to be one, or to be within the margin."""
    squares = mean_squares(delta[None])

    def p(mean: float) -> float:
        moved = mean_squares((delta - delta.mean() + mean)[None])
        return float(two_sided_p(*moved, *delta.shape)[0])

    inside = MARGIN_DB - abs(float(delta.mean()))
    found = float(two_sided_p(*squares, *delta.shape)[0]) <= ALPHA
    return found or (inside > 0 and p(inside) / 2 <= ALPHA)


def half_before(delta: Matrix, seeds: int, alpha: float) -> float:
    """Return half of 0.3.0's interval with so many seeds of the same spread, dB."""
    by_seed = delta.mean(axis=1).var(ddof=1) / seeds
    by_image = delta.mean(axis=0).var(ddof=1) / delta.shape[1]
    degrees = min(seeds, delta.shape[1]) - 1
    return float(stats.t.isf(alpha / 2, degrees) * np.sqrt(by_seed + by_image))


def settled_before(delta: Matrix, seeds: int) -> bool:
    """Return whether so many seeds settle it by 0.3.0's interval, if mean and spreads stay."""
    mean = abs(float(delta.mean()))
    within = mean + half_before(delta, seeds, 2 * ALPHA) < MARGIN_DB
    return mean > half_before(delta, seeds, ALPHA) or within


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3_000)
    given = parser.parse_args()
    draw = np.random.default_rng(0)
    before: list[bool] = []
    now: list[bool] = []
    odds: list[float] = []
    for _ in range(given.repeats):
        truth = Truth(effect=float(draw.normal(0, SPREAD_DB)))
        whole = simulate(truth, SEEDS + MOST, IMAGES, draw)
        first = whole[:SEEDS]
        if not settled_now(first):
            plan = more_seeds(estimate(first), alpha=ALPHA, margin_db=MARGIN_DB)
            if plan is not None and plan.seeds <= MOST:
                now.append(settled_now(whole[: SEEDS + plan.seeds]))
                odds.append(plan.odds)
        if not settled_before(first, SEEDS):
            advised = range(SEEDS + 1, SEEDS + MOST + 1)
            enough = next((one for one in advised if settled_before(first, one)), None)
            if enough is not None:
                before.append(settled_before(whole[:enough], enough))
    write = sys.stdout.write
    write("| | advised in | settled | odds that were stated |\n|---|---|---|---|\n")
    share = len(before) / given.repeats
    write(f"| 0.3.0 | {share:.0%} of studies | {np.mean(before):.0%} | none |\n")
    share = len(now) / given.repeats
    write(
        f"| now | {share:.0%} of studies | {np.mean(now):.0%} | {np.mean(odds):.0%} on average |\n"
    )
    for low, high in ((0.0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 1.0)):
        chosen = [one for one, said in zip(now, odds, strict=True) if low <= said < high]
        if chosen:
            write(
                f"| odds {low:g} to {high:g} | {len(chosen)} studies | {np.mean(chosen):.0%} | |\n"
            )


if __name__ == "__main__":
    main()
