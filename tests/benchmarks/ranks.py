"""Ranks and importances where the truth is known, before (version 0.3.0) and now.

    python -m tests.benchmarks.ranks [REPEATS]

Prints how often intervals of Kendall's tau hold the true one, partial correlations where nothing is
known beyond a third quantity, tau over the survivors of a rung with and without audited candidates,
and what importances make of noise and of one dimension that matters among eight.
"""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from numpy.random import Generator
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from scipy import stats

from workbench.statistics.noise import good_ones_ps, main_effect_ps
from workbench.statistics.ranks import (
    FEWEST,
    RankCorrelation,
    partial_correlation,
    rank_correlation,
)

Factors = dict[str, list[object]]
DISTRIBUTIONS: dict[str, BaseDistribution] = {
    f"{kind} {number}": one
    for number in range(4)
    for kind, one in (
        ("choice", CategoricalDistribution(["a", "b", "c"])),
        ("whole", IntDistribution(4, 40)),
    )
}
ALIVE = "choice 0"


def say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201


def pair(tau: float, count: int, draw: Generator) -> tuple[list[float], list[float]]:
    """Draw two normal quantities of a given tau."""
    rho, x = np.sin(np.pi * tau / 2), draw.normal(size=count)
    return x.tolist(), (rho * x + np.sqrt(1 - rho**2) * draw.normal(size=count)).tolist()


def fieller(tau: float, count: int) -> tuple[float, float]:
    """Return the interval of version 0.3.0."""
    if abs(tau) == 1:
        return tau, tau
    half = 1.96 * np.sqrt(0.437 / (count - 4))
    return float(np.tanh(np.arctanh(tau) - half)), float(np.tanh(np.arctanh(tau) + half))


def print_intervals(repeats: int, draw: Generator) -> None:
    say("share of intervals (95 %) of tau that hold it: 0.3.0 / now; lower bound of tau = 1")
    for count in (5, 6, 8, 13, 30, 100):
        row = []
        for tau in (0.3, 0.6, 0.8, 0.9):
            held = np.zeros(2)
            for _ in range(repeats):
                found = rank_correlation(*pair(tau, count, draw))
                assert found is not None
                both = (fieller(found.tau, count), found.interval())
                held += [low <= tau <= high for low, high in both]
            row.append("{:.2f} / {:.2f}".format(*(held / repeats)))
        low = RankCorrelation(1.0, count).interval()[0]
        say(f"{count:4} networks, tau 0.3, 0.6, 0.8, 0.9: {', '.join(row)}; {low:.2f}")


def print_partial(repeats: int, draw: Generator) -> None:
    say("nothing is known beyond size: Kendall's partial tau / Spearman's partial rho, mean")
    for noise in (0.5, 1.0):
        found = []
        for _ in range(repeats):
            size = draw.normal(size=100)
            one, other = (size + noise * draw.normal(size=100) for _ in range(2))
            taus = [
                stats.kendalltau(*p).statistic for p in ((one, other), (one, size), (other, size))
            ]
            between, first, second = taus
            partial = partial_correlation(one.tolist(), other.tolist(), size.tolist())
            assert partial is not None
            kendall = (between - first * second) / np.sqrt((1 - first**2) * (1 - second**2))
            found.append((kendall, partial.rho))
        say("noise {}: {:.3f} / {:.3f}".format(noise, *np.mean(found, axis=0)))


def print_rungs(repeats: int, draw: Generator) -> None:
    say("half is stopped at a rung of tau 0.68: survivors / with audits (sd), intervals that hold")
    for count in (24, 60, 120):
        for share in (0.1, 0.2):
            found, held = [], 0
            for _ in range(repeats):
                here, end = map(np.array, pair(0.68, count, draw))
                good = here > np.median(here)
                ended = good | (draw.random(count) < share)
                survivors = rank_correlation(here[good].tolist(), end[good].tolist())
                weights = np.where(good, 1, 1 / share)[ended].tolist()
                every = rank_correlation(here[ended].tolist(), end[ended].tolist(), weights)
                assert survivors is not None
                assert every is not None
                found.append((survivors.tau, every.tau))
                low, high = every.interval()
                held += low <= 0.68 <= high
            (one, two), spread = np.mean(found, axis=0), np.std(found, axis=0)[1]
            say(
                f"{count} networks, share {share}: {one:.2f} / {two:.2f} ({spread:.2f}), "
                f"{held / repeats:.2f}"
            )


def factors(count: int, draw: Generator) -> Factors:
    """Draw the choices of networks."""
    return {
        name: draw.choice(["a", "b", "c"], count).tolist()
        if name.startswith("choice")
        else draw.integers(4, 41, count).tolist()
        for name in DISTRIBUTIONS
    }


def scores(given: Factors, effect: float, draw: Generator) -> list[float]:
    """Draw scores, which one dimension may raise by `effect` standard deviations."""
    noise = draw.normal(size=len(given[ALIVE]))
    return [float(effect * (one == "c") + n) for one, n in zip(given[ALIVE], noise, strict=True)]


def shares(method: str, given: Factors, found: list[float]) -> Mapping[str, float]:
    """Return Optuna's importances, the largest first."""
    study = optuna.create_study()
    for place, score in enumerate(found):
        chosen = {name: values[place] for name, values in given.items()}
        study.add_trial(
            optuna.create_trial(value=-score, params=chosen, distributions=DISTRIBUTIONS)
        )
    evaluator: Any = optuna.importance.PedAnovaImportanceEvaluator()
    if method == "fANOVA":
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    measured: dict[str, float] = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return measured


def print_importances(repeats: int, draw: Generator) -> None:
    say("importances: largest share of noise, median and 95 %; a dead dimension first, effect 1 sd")
    for method, count in (
        *(("fANOVA", 8), ("fANOVA", 24), ("fANOVA", 60)),
        *(("PED-ANOVA", 8), ("PED-ANOVA", 60)),
    ):
        largest, wrong, few = [], 0, max(10, repeats // 10)
        for _ in range(few):
            given = factors(count, draw)
            largest.append(max(shares(method, given, scores(given, 0.0, draw)).values()))
            wrong += next(iter(shares(method, given, scores(given, 1.0, draw)))) != ALIVE
        low, high = np.quantile(largest, (0.5, 0.95))
        say(f"{method}, {count} networks: {low:.2f}, {high:.2f}; {wrong / few:.2f}")
    say("permutation tests: any finding in noise; effect of 1 and 2 sd found, another called one")
    for method, test, count in (
        *(("fANOVA", main_effect_ps, n) for n in (24, 60, 100)),
        *(("PED-ANOVA", good_ones_ps, n) for n in (60, 100)),
    ):
        row = []
        for effect in (0.0, 1.0, 2.0):
            found, others = 0, 0
            for _ in range(repeats):
                given = factors(count, draw)
                ps = test(given, scores(given, effect, draw))
                clear = {name for name, p in ps.items() if p <= 0.05}
                found += ALIVE in clear
                others += bool(clear - {ALIVE} if effect else clear)
            row.append(
                f"{found / repeats:.2f}, {others / repeats:.2f}"
                if effect
                else f"{others / repeats:.3f}"
            )
        say(f"{method}, {count} networks: {'; '.join(row)}")


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    repeats, draw = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, np.random.default_rng(0)
    assert repeats >= FEWEST
    for print_part in (print_intervals, print_partial, print_rungs, print_importances):
        print_part(repeats, draw)
        say()


if __name__ == "__main__":
    main()
