"""The workbench's samplers against plain Optuna on made-up spaces, where nothing is trained.

`python -m tests.benchmarks.samplers [--sampler NAME] [--trials N] [--repetitions N] [--space NAME]
[--batch N] [--log FILE]` prints a table: the mean regret of the best network within the limit after
N trainings, with its standard error, and the paired differences with their intervals. With a log
the same command resumes.

The workbench counts a network before it trains it, and trains none above a limit. Plain Optuna is
what a user would write: `ask`, `set_constraint`, `tell`. It observes the score of networks above
the limit, too, and is run twice: "Optuna" trains N, those above the limit among them; "Optuna,
free" trains N within the limit, and has the scores of those above it for nothing.
"""

import argparse
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.paired import difference_cell, mean_cell, run_paired
from tests.builders.samplers import ONE, play
from workbench.search.samplers.kinds import CLASSES
from workbench.search.samplers.optuna_sampler import OptunaSampler
from workbench.search.samplers.quiet_optuna import quiet_optuna
from workbench.search.samplers.suggesting import TrialSuggest
from workbench.spaces.space import SpaceFile

Overrides = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """A space, a score whose maximum is 0, and a limit."""

    space: SpaceFile
    score: Callable[[Overrides], float]
    distance: Callable[[Overrides], float]
    """From the limit, as a share of it: above 0 is beyond it."""


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
    "mixed": Problem(_space(MIXED), _mixed, lambda _: -1.0),
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
        lambda _: -1.0,
    ),
    "constrained": Problem(
        _space(MIXED, parameters=60),
        lambda one: -(0.0 if one["width"] > 40 else (40 - one["width"]) / 30) + _mixed(one),
        lambda one: one["width"] * one["depth"] / 60 - 1,
    ),
}


def ours(problem: Problem, sampler: str, seed: int, trials: int, batch: int) -> float:
    """Return the best score of the workbench's sampler."""

    def outcome(one: Overrides) -> tuple[float, ...] | None:
        return None if problem.distance(one) > 0 else (problem.score(one),)

    made = OptunaSampler(sampler, seed, problem.space, ONE)
    found = play(made, outcome, trials, batch, distance=problem.distance).kept
    return max(values[0] for _, values in found)


@quiet_optuna()
def plain(
    problem: Problem, sampler: str, seed: int, trials: int, batch: int, *, free: bool
) -> float:
    """Return the best score within the limit of Optuna's sampler with its defaults.

    Args:
        problem: To solve.
        sampler: A key of `CLASSES`.
        seed: Of the sampler.
        trials: Networks to train; more are trained until at least one is within the limit.
        batch: Networks that are proposed together.
        free: Whether those above the limit do not count among them.
    """
    import optuna

    kind, arguments = CLASSES[sampler]
    chosen = getattr(optuna.samplers, kind)(seed=seed, **arguments)
    study = optuna.create_study(direction="maximize", sampler=chosen)
    found: list[float] = []
    trained = 0
    while trained < trials or not found:
        asked = [study.ask() for _ in range(batch)]
        drawn = [problem.space.sample(TrialSuggest(trial)) for trial in asked]
        for trial, one in zip(asked, drawn, strict=True):
            within = problem.distance(one) <= 0
            if problem.space.limits.parameters is not None:
                trial.set_constraint("parameters", problem.distance(one))
            study.tell(trial, problem.score(one))
            if within and (trained < trials or not found):
                found.append(problem.score(one))
            trained += within or not free
    return max(found)


def best_known(problem: Problem) -> float:
    """Return the best score within the limit, 0 without a limit.

    All sizes are tried, with each decay in steps of 0.001, since a limit may depend on both.
    """
    if problem.space.limits.parameters is None:
        return 0.0
    rest = {"rate": 10**-2.5, "activation": "silu", "skip": True}
    every = [
        {"width": width, "depth": depth, "decay": 0.3 + off / 1000, **rest}
        for width in range(4, 65)
        for depth in range(1, 13)
        for off in range(-100, 101)
    ]
    return max(problem.score(one) for one in every if problem.distance(one) <= 0)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--space", choices=PROBLEMS, nargs="*", default=list(PROBLEMS))
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 4])
    parser.add_argument("--log", type=Path)
    given = parser.parse_args()
    print_row = sys.stdout.write
    print_row(f"| {given.sampler}, {given.trials} trials | batch | workbench | Optuna | difference")
    print_row(" | Optuna, free | difference |\n|---|---|---|---|---|---|---|\n")
    for name in given.space:
        for batch in given.batch:
            mine, *others = compared(name, given.sampler, given.trials, batch, given)
            cells = [mean_cell(mine)]
            for other in others:
                cells += [mean_cell(other), difference_cell(mine, other)]
            cells += [""] * (5 - len(cells))
            print_row(f"| {name} | {batch} | {' | '.join(cells)} |\n")
            sys.stdout.flush()


def compared(
    name: str, sampler: str, trials: int, batch: int, given: argparse.Namespace
) -> list[list[float]]:
    """Return the regrets of the workbench, of plain Optuna, and with a limit of the free one."""
    problem = PROBLEMS[name]
    best = best_known(problem)

    def regret(run: Callable[..., float]) -> Callable[[int], float]:
        return lambda seed: best - run(problem, sampler, seed, trials, batch)

    row = f"{name}, {sampler}, {trials} trials, batch {batch}"
    ways = {"workbench": regret(ours), "Optuna": regret(partial(plain, free=False))}
    if problem.space.limits.parameters is not None:
        ways["Optuna, free"] = regret(partial(plain, free=True))
    return list(run_paired(row, ways, given.repetitions, given.log).values())


if __name__ == "__main__":
    main()
