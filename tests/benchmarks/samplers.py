"""The workbench's samplers against plain Optuna on made-up spaces, where nothing is trained.

`python -m tests.benchmarks.samplers [--sampler NAME] [--trials N] [--repetitions N] [--space NAME]
[--batch N]` prints a table: the mean regret of the best network after N within the limits, with its
standard error. Plain Optuna is what a user would write: `ask`, `set_constraint`, `tell`; it
observes the score of what is above a limit, too, which a search never trains.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.builders.samplers import ONE, play
from workbench.search.samplers.optuna_sampler import CLASSES, OptunaSampler
from workbench.search.samplers.quiet_optuna import quiet_optuna
from workbench.search.samplers.suggesting import TrialSuggest
from workbench.spaces.space import SpaceFile

Overrides = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """A space, a score whose maximum is 0, and a limit."""

    space: SpaceFile
    score: Callable[[Overrides], float]
    excess: Callable[[Overrides], float]
    """Above 0 beyond the limit."""


def _space(dimensions: Mapping[str, Any], **limits: float) -> SpaceFile:
    return SpaceFile.parse({"question": "Why?", "dimensions": dimensions, "limits": limits})


MIXED: dict[str, Any] = {
    "width": {"kind": "integers", "low": 4, "high": 64},
    "depth": {"kind": "integers", "low": 1, "high": 12},
    "rate": {"kind": "floats", "low": 1e-4, "high": 1e-1, "log": True},
    "decay": {"kind": "floats", "low": 0, "high": 1},
    "activation": {"kind": "choice", "values": ["gelu", "relu", "silu"]},
    "skip": {"kind": "choice", "values": [True, False]},
}


def _mixed(one: Overrides) -> float:
    return -float(
        ((one["width"] - 48) / 30) ** 2
        + ((one["depth"] - 8) / 5) ** 2
        + (math.log10(one["rate"]) + 2.5) ** 2
        + 2 * (one["decay"] - 0.3) ** 2
        + 0.4 * (one["activation"] != "silu")
        + 0.3 * (not one["skip"])
    )


def _conditional(one: Overrides) -> float:
    if one["kind"] == "a":
        own = 0.3 + (one["asize"] - 0.2) ** 2 + 0.3 * (one["amode"] != "y")
    else:
        own = (one["bsize"] - 0.8) ** 2 + ((one["blevels"] - 5) / 4) ** 2
    return -float(own + (math.log10(one["rate"]) + 3) ** 2)


PROBLEMS = {
    "mixed": Problem(_space(MIXED), _mixed, lambda _: 0.0),
    "conditional": Problem(
        _space(
            {
                "kind": {"kind": "choice", "values": ["a", "b"]},
                "rate": {"kind": "floats", "low": 1e-4, "high": 1e-1, "log": True},
                "asize": {"kind": "floats", "low": 0, "high": 1, "when": {"kind": ["a"]}},
                "amode": {"kind": "choice", "values": ["x", "y", "z"], "when": {"kind": ["a"]}},
                "bsize": {"kind": "floats", "low": 0, "high": 1, "when": {"kind": ["b"]}},
                "blevels": {"kind": "integers", "low": 1, "high": 9, "when": {"kind": ["b"]}},
            }
        ),
        _conditional,
        lambda _: 0.0,
    ),
    "constrained": Problem(
        _space(MIXED, parameters=60),
        lambda one: -(0.0 if one["width"] > 40 else (40 - one["width"]) / 30) + _mixed(one),
        lambda one: max(0.0, one["width"] * one["depth"] / 60 - 1),
    ),
}


def ours(problem: Problem, sampler: str, seed: int, trials: int, batch: int) -> float:
    """Return the best score of the workbench's sampler."""

    def outcome(one: Overrides) -> tuple[float, ...] | None:
        return None if problem.excess(one) > 0 else (problem.score(one),)

    made = OptunaSampler(sampler, seed, problem.space, ONE)
    return max(values[0] for _, values in play(made, outcome, trials, batch).kept)


@quiet_optuna()
def plain(problem: Problem, sampler: str, seed: int, trials: int, batch: int) -> float:
    """Return the best score within the limit of Optuna's sampler with its defaults."""
    import optuna

    kind, arguments = CLASSES[sampler]
    chosen = getattr(optuna.samplers, kind)(seed=seed, **arguments)
    study = optuna.create_study(direction="maximize", sampler=chosen)
    found: list[float] = []
    while len(found) < trials:
        asked = [study.ask() for _ in range(batch)]
        drawn = [problem.space.sample(TrialSuggest(trial)) for trial in asked]
        for trial, one in zip(asked, drawn, strict=True):
            if problem.space.limits.parameters is not None:
                trial.set_constraint("parameters", problem.excess(one))
            study.tell(trial, problem.score(one))
            found += [] if problem.excess(one) > 0 else [problem.score(one)]
    return max(found[:trials])


def best_known(problem: Problem) -> float:
    """Return the best score that many draws and their neighbours reach, 0 without a limit."""
    if problem.space.limits.parameters is None:
        return 0.0
    return max(
        problem.score(
            {
                "width": width,
                "depth": depth,
                "rate": 10**-2.5,
                "decay": 0.3,
                "activation": "silu",
                "skip": True,
            }
        )
        for width in range(4, 65)
        for depth in range(1, 13)
        if width * depth <= 60
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--space", choices=PROBLEMS, nargs="*", default=list(PROBLEMS))
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 4])
    given = parser.parse_args()
    print_row = sys.stdout.write
    print_row(f"| {given.sampler}, {given.trials} trials | batch | workbench | Optuna |\n")
    print_row("|---|---|---|---|\n")
    for name in given.space:
        problem = PROBLEMS[name]
        best = best_known(problem)
        for batch in given.batch:
            cells = []
            for run in (ours, plain):
                regrets = [
                    best - run(problem, given.sampler, seed, given.trials, batch)
                    for seed in range(given.repetitions)
                ]
                error = statistics.stdev(regrets) / math.sqrt(len(regrets))
                cells.append(f"{statistics.fmean(regrets):.3f} ({error:.3f})")
            print_row(f"| {name} | {batch} | {' | '.join(cells)} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
