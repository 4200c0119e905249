"""Intervals of Shapley values from drawn orders: how often they hold the value over all orders.

`python -m tests.benchmarks.orders [--repeats N]` simulates paths of eight components whose effects
come in threes (sd 0.02 dB for each of the 56 triples), 4 seeds x 20 images, and orders drawn in
pairs, one and its reverse. In 0.3.0 the interval was over seeds and images alone, as if the drawn
orders were all 40,320.
"""

import argparse
import sys
from itertools import combinations

import numpy as np

from workbench.statistics.estimate import estimate
from workbench.statistics.orders import over_orders
from workbench.statistics.simulation import Truth, simulate

COMPONENTS, SD_DB = 8, 0.02
NOISE = Truth(seed_sd=0.005, image_sd=0.01, noise_sd=0.005)
SEEDS, IMAGES = 4, 20
TRIPLES = list(combinations(range(COMPONENTS), 3))


def steps(order: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Return what each component brings in an order, dB."""
    place = np.argsort(order)
    found = np.zeros(COMPONENTS)
    for triple, effect in zip(TRIPLES, effects, strict=True):
        found[max(triple, key=lambda one: place[one])] += effect
    return found


def hold(pairs: int, draw: np.random.Generator) -> list[tuple[bool, bool]]:
    """Return for each component of a new path whether the intervals hold: 0.3.0's, today's.

    Args:
        pairs: Pairs of orders, at least 2.
        draw: Draws effects, orders, and noise.
    """
    effects = draw.normal(0.0, SD_DB, len(TRIPLES))
    whole = np.zeros(COMPONENTS)
    for triple, effect in zip(TRIPLES, effects, strict=True):
        whole[list(triple)] += effect / 3
    orders = [draw.permutation(COMPONENTS) for _ in range(pairs)]
    means = [(steps(one, effects) + steps(one[::-1], effects)) / 2 for one in orders]
    found = []
    for component in range(COMPONENTS):
        of_pairs = [float(mean[component]) for mean in means]
        noise = simulate(NOISE, SEEDS, IMAGES, draw)
        before = estimate(noise + np.mean(of_pairs))
        now = over_orders(before, of_pairs)
        assert before.error is not None
        assert now.error is not None
        off = abs(before.mean - whole[component])
        widths = (before.error.half_width(0.05), now.error.half_width(0.05))
        found.append((bool(off <= widths[0]), bool(off <= widths[1])))
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=500)
    repeats: int = parser.parse_args().repeats
    print_row = sys.stdout.write
    print_row("| orders of 40,320 | 0.3.0 | now |\n|---|---|---|\n")
    for pairs in (2, 4, 8):
        draw = np.random.default_rng(pairs)
        held = np.array([hold(pairs, draw) for _ in range(repeats)]).mean(axis=(0, 1))
        print_row(f"| {2 * pairs} | {held[0]:.1%} | {held[1]:.1%} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
