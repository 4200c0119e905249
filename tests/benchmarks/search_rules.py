"""What a TPE search observes: today's rules beside those of 0.3.0, on made-up scores.

`python -m tests.benchmarks.search_rules [--repetitions N] [--only NAME ...] [--log FILE]` prints a
table: the mean of each figure with its standard error, with the same seeds on both sides, and the
paired difference with its interval. With a log the same command resumes. 0.3.0 is today's sampler
with its rules taken back (`Former`):

- TPE's good share is a tenth of all trials, rejected ones among them;
- of two objectives, stopped candidates are pruned trials without values;
- after a warm start TPE models what is known from the first proposal on.
"""

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.paired import difference_cell, mean_cell, run_paired
from tests.benchmarks.samplers import MIXED, PROBLEMS, Problem, best_known
from tests.builders.samplers import ONE, TWO, Values, play, prior, propose
from workbench.search.proposals import Proposal
from workbench.search.ranking import ranked
from workbench.search.samplers.observations import Standing
from workbench.search.samplers.optuna_sampler import OptunaSampler
from workbench.spaces.space import SpaceFile

TRIALS = 24
BATCH, BATCHES = 8, 6
RUNGS = ((100, 0.6), (200, 0.8))
"""Training steps of the rungs, and the share of the quality at the end that is reached there."""


class Former(OptunaSampler):
    """The sampler with the rules of 0.3.0."""

    def __init__(self, *args: Any) -> None:
        """Start without observations."""
        super().__init__(*args)
        self._complete_only = False

    def _good(self, finished: int) -> int:
        return min(math.ceil(0.1 * finished), 25)

    def _is_own_first(self) -> bool:
        return False

    def add_passed(self, number: int, step: int, values: Sequence[float]) -> None:
        """Observe nothing at a rung."""

    def add_stopped(self, number: int, step: int, values: Sequence[float]) -> None:  # noqa: ARG002
        """Observe that a candidate was stopped."""
        self._entries[self._place[number]].standing = Standing.AT_RUNG
        self._study = None


def limited(share: float) -> Problem:
    """Return the mixed space with a limit that so many of its networks keep to."""
    sizes = sorted(width * depth for width in range(4, 65) for depth in range(1, 13))
    most = sizes[int(share * len(sizes))]
    space = SpaceFile.parse(
        {"question": "Why?", "dimensions": MIXED, "limits": {"parameters": most}}
    )
    return Problem(
        space, PROBLEMS["mixed"].score, lambda one: one["width"] * one["depth"] / most - 1
    )


def scattered(share: float) -> Problem:
    """Return the mixed space with a limit that so many of its networks keep to, all over it.

    A sampler cannot learn such a limit, so that this share of its proposals stays within it; of a
    limit on the size it learns that small networks keep to it, and half of them soon do.
    """
    most = math.sin(share * math.pi / 2)

    def distance(one: Mapping[str, Any]) -> float:
        wave = abs(math.sin(0.9 * one["width"] + 2.3 * one["depth"] + 9 * one["decay"]))
        return wave / most - 1

    space = SpaceFile.parse({"question": "Why?", "dimensions": MIXED, "limits": {"parameters": 1}})
    return Problem(space, PROBLEMS["mixed"].score, distance)


@cache
def best_within(limit: Callable[[float], Problem], share: float) -> float:
    """Return the best score within a limit."""
    return best_known(limit(share))


def regret(
    kind: type[OptunaSampler], seed: int, limit: Callable[[float], Problem], share: float
) -> float:
    """Return how far the best network found is from the best one within the limit."""
    problem = limit(share)

    def outcome(one: Mapping[str, Any]) -> Values | None:
        return None if problem.distance(one) > 0 else (problem.score(one),)

    sampler = kind("tpe", seed, problem.space, ONE)
    found = play(sampler, outcome, TRIALS, distance=problem.distance).kept
    return best_within(limit, share) - max(values[0] for _, values in found)


def regret_after_warm_start(kind: type[OptunaSampler], seed: int) -> float:
    """Return the regret after a start with twelve networks of a poor corner of the space."""
    problem, draw = PROBLEMS["mixed"], np.random.default_rng(seed)
    sampler = kind("tpe", seed, problem.space, ONE)
    for _ in range(12):
        known: dict[str, Any] = {
            "width": int(draw.integers(4, 10)),
            "depth": int(draw.integers(1, 3)),
            "rate": float(10 ** draw.uniform(-4, -3.5)),
            "decay": float(draw.uniform(0.8, 1.0)),
            "activation": "relu",
            "skip": False,
        }
        labels: dict[str, Any] = known | {"activation": '"relu"', "skip": "false"}
        sampler.add_prior(prior(problem.space, (problem.score(known),), **labels))
    found = play(sampler, lambda one: (problem.score(one),), TRIALS).kept
    return -max(values[0] for _, values in found)


def quality_and_cost(one: Mapping[str, Any]) -> Values:
    """Return a quality in 0..1 and a share of the greatest cost."""
    return math.exp(PROBLEMS["mixed"].score(one)), one["width"] * one["depth"] / (64 * 12)


def hypervolume(kind: type[OptunaSampler], seed: int, kept: Sequence[int]) -> float:
    """Return what the finished networks dominate of the unit square.

    Args:
        kind: The sampler.
        seed: Of the sampler, and of the noise at the rungs.
        kept: How many of a batch are promoted at each rung.
    """
    problem, draw = PROBLEMS["mixed"], np.random.default_rng(seed)
    sampler = kind("tpe", seed, problem.space, TWO)
    finished: list[Values] = []
    number = 0
    for _ in range(BATCHES):
        batch: dict[str, tuple[Proposal, Values]] = {}
        for _ in range(BATCH):
            number += 1
            proposal, values = propose(sampler, quality_and_cost, number)
            assert values is not None
            batch[proposal.name] = (proposal, values)
        left = list(batch)
        for (step, share), count in zip(RUNGS, kept, strict=False):
            noise = 0.02 * draw.standard_normal(len(left))
            at_rung = {
                name: (share * batch[name][1][0] + float(error), batch[name][1][1])
                for name, error in zip(left, noise, strict=True)
            }
            left = list(ranked(at_rung, TWO)[:count])
            for name, values in at_rung.items():
                observe = sampler.add_passed if name in left else sampler.add_stopped
                observe(batch[name][0].number, step, values)
        for name in left:
            sampler.add_observation(*batch[name])
            finished.append(batch[name][1])
    return dominated_area(finished)


def dominated_area(points: Sequence[Values]) -> float:
    """Return the area of the unit square below the qualities and beyond the costs of points."""
    area = best = 0.0
    for (quality, cost), (_, following) in zip(
        ordered := sorted(points, key=lambda one: one[1]), [*ordered[1:], (0.0, 1.0)], strict=True
    ):
        best = max(best, quality)
        area += best * (following - cost)
    return area


FIGURES: Mapping[str, Callable[[type[OptunaSampler], int], float]] = {
    "regret, 10 % within the limit": lambda kind, seed: regret(kind, seed, limited, 0.1),
    "regret, 3 % within the limit": lambda kind, seed: regret(kind, seed, limited, 0.03),
    "regret, 10 % all over the space": lambda kind, seed: regret(kind, seed, scattered, 0.1),
    "regret, 3 % all over the space": lambda kind, seed: regret(kind, seed, scattered, 0.03),
    "regret after 12 poor known networks": regret_after_warm_start,
    "hypervolume, 3 of 8 promoted": lambda kind, seed: hypervolume(kind, seed, (3,)),
    "hypervolume, 3 of 8 and 1 of 3": lambda kind, seed: hypervolume(kind, seed, (3, 1)),
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=40)
    parser.add_argument("--only", choices=FIGURES, nargs="*", default=list(FIGURES))
    parser.add_argument("--log", type=Path)
    given = parser.parse_args()
    print_row = sys.stdout.write
    print_row("| | 0.3.0 | now | difference |\n|---|---|---|---|\n")
    for name in given.only:
        figure = FIGURES[name]
        ways = {"0.3.0": partial(figure, Former), "now": partial(figure, OptunaSampler)}
        before, now = run_paired(name, ways, given.repetitions, given.log).values()
        print_row(f"| {name} | {mean_cell(before)} | {mean_cell(now)} | ")
        print_row(f"{difference_cell(now, before)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
