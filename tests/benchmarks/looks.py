"""The last of six variants in a study with looks: today's rules beside those of 0.3.0.

`python -m tests.benchmarks.looks [--repeats N]` simulates studies of 3..10 seeds x 100 images whose
first five variants are settled at the first look, and prints how often the sixth is found to be
better. In 0.3.0 looks shared alpha by O'Brien and Fleming, settled variants went on to count in
Holm's correction, and the interval was that of two one-way errors with min(S, I) - 1 degrees.
"""

import argparse
import sys

import numpy as np
from scipy import stats

from workbench.statistics.crossed import Values, mean_squares, two_sided_p
from workbench.statistics.decision_rule import ALPHA
from workbench.statistics.estimate import Matrix
from workbench.statistics.sequential import shares
from workbench.statistics.simulation import Truth, simulate_studies

LOOKS, IMAGES, VARIANTS = (3, 6, 10), 100, 6


def p_now(delta: Matrix) -> Values:
    """Return the p of each study by crossed random effects."""
    return two_sided_p(*mean_squares(delta), *delta.shape[1:])


def p_before(delta: Matrix) -> Values:
    """Return the p of each study by the sum of two one-way errors."""
    seeds, images = delta.shape[1:]
    by_seed = delta.mean(axis=2).var(axis=1, ddof=1) / seeds
    by_image = delta.mean(axis=1).var(axis=1, ddof=1) / images
    t = delta.mean(axis=(1, 2)) / np.sqrt(by_seed + by_image)
    found: Values = 2 * stats.t.sf(np.abs(t), min(seeds, images) - 1)
    return found


def found_now(delta: Matrix) -> Values:
    """Return whether the last variant is found, when it is alone after the first look."""
    rates = shares(ALPHA, LOOKS)
    sharing = [VARIANTS, *[1] * (len(LOOKS) - 1)]
    parts = zip(LOOKS, rates, sharing, strict=True)
    hits = [p_now(delta[:, :seeds]) <= rate / count for seeds, rate, count in parts]
    found: Values = np.any(hits, axis=0)
    return found


def found_before(delta: Matrix) -> Values:
    """Return whether the last variant is found, when all six count at every look."""
    rates = shares(ALPHA, LOOKS, spending="obrien-fleming")
    parts = zip(LOOKS, rates, strict=True)
    hits = [p_before(delta[:, :seeds]) <= rate / VARIANTS for seeds, rate in parts]
    found: Values = np.any(hits, axis=0)
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=4_000)
    given = parser.parse_args()
    sys.stdout.write("| true difference, dB | 0.3.0 | now |\n|---|---|---|\n")
    for effect in (0.0, 0.02, 0.03, 0.05):
        draw = np.random.default_rng(0)
        delta = simulate_studies(Truth(effect=effect), LOOKS[-1], IMAGES, given.repeats, draw)
        shares_found = (found_before(delta).mean(), found_now(delta).mean())
        cells = " | ".join(f"{100 * share:.1f} %" for share in shares_found)
        sys.stdout.write(f"| {effect:g} | {cells} |\n")


if __name__ == "__main__":
    main()
