"""What came of simulated searches: regret against cost, and samplers against each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from workbench.search.simulation.networks import SearchedTable
from workbench.search.simulation.repetition import Repetition, SimulatedSettings
from workbench.statistics.decision_rule import DecisionRule
from workbench.statistics.estimate import estimate
from workbench.statistics.verdicts import Decision, decide

Regrets = NDArray[np.float64]
"""One value a repetition; NaN where nothing has finished yet."""
POINTS = 100
"""Costs at which curves are drawn, evenly spaced up to the budget."""
QUANTILES = (0.1, 0.5, 0.9)
REFERENCE = "random"
"""The sampler that all others are judged against."""


@dataclass(frozen=True)
class RegretPoint:
    """Regret at one cost, over the repetitions."""

    steps: float
    """Training steps of the whole search."""
    mean: float
    interval: tuple[float, float]
    """Of the mean, 95 %."""
    quantiles: tuple[float, float, float]
    """10, 50 and 90 % of the repetitions are at most this."""


@dataclass(frozen=True)
class Simulation:
    """Samplers on a table, each over the same repetitions."""

    searched: SearchedTable
    settings: SimulatedSettings
    repetitions: Mapping[str, tuple[Repetition, ...]]
    """By sampler; equal places have the same seeds."""
    planned: int
    """Repetitions that were requested; there are fewer after Ctrl-C."""
    rule: DecisionRule

    @property
    def repeats(self) -> int:
        """Repetitions that every sampler has."""
        return min(len(of) for of in self.repetitions.values())

    @property
    def budget(self) -> int:
        """Steps of a search that stops no network early."""
        return self.settings.trials * self.searched.steps

    def regrets(self, sampler: str, steps: float) -> Regrets:
        """Return how much better the best network of the table is than the pick, by repetition.

        Args:
            sampler: Its name.
            steps: Training steps that a search has spent.
        """
        best = self.searched.best().quality
        picks = [one.pick_at(steps) for one in self.repetitions[sampler]]
        return np.array([np.nan if pick is None else best - pick.quality for pick in picks])

    def point(self, sampler: str, steps: float) -> RegretPoint | None:
        """Return the regret at one cost; None if some repetition has finished no network yet."""
        found = self.regrets(sampler, steps)
        if np.isnan(found).any():
            return None
        mean = float(found.mean())
        half = self._half_width * float(found.std(ddof=1)) / len(found) ** 0.5
        low, middle, high = np.quantile(found, QUANTILES)
        quantiles = (float(low), float(middle), float(high))
        return RegretPoint(steps, mean, (mean - half, mean + half), quantiles)

    @cached_property
    def _half_width(self) -> float:
        """Half the 95 % interval of a mean over the repetitions, in standard errors.

        It depends on their number only, so it is found once and not at each of many costs.
        """
        some = estimate(np.arange(self.repeats, dtype=float)[:, None])
        interval, error = some.interval(0.95), some.standard_error
        assert interval is not None, "there are at least two repetitions"
        assert error is not None, "there are at least two repetitions"
        return (interval[1] - interval[0]) / 2 / error

    def curve(self, sampler: str) -> list[RegretPoint]:
        """Return the regret against the cost, from where every repetition has finished a network.

        Args:
            sampler: Its name.
        """
        costs = np.linspace(0, self.budget, POINTS + 1)[1:]
        found = [self.point(sampler, float(cost)) for cost in costs]
        return [point for point in found if point is not None]

    @cached_property
    def comparisons(self) -> dict[tuple[str, str], Decision]:
        """Every pair of samplers at the end of the budget: how much less regret the first has.

        Paired over repetitions; the pairs are one family (Holm).
        """
        ends = {name: self.regrets(name, self.budget) for name in self.repetitions}
        gains = {(a, b): ends[b] - ends[a] for a, b in combinations(ends, 2)}
        found = {
            pair: (estimate(gain[:, None]), tuple(map(float, gain))) for pair, gain in gains.items()
        }
        return decide(found, alpha=self.rule.alpha, margin_db=self.rule.margin_db)

    def against_reference(self, sampler: str) -> Decision | None:
        """Return the verdict on a sampler against random ones; None for these themselves."""
        return self.comparisons.get((sampler, REFERENCE))

    def uniform(self) -> list[tuple[int, float]]:
        """Return (steps, expected regret) of networks drawn uniformly and trained to their ends.

        It is exact: the mean over all draws without replacement and over the seeds of the table.
        Trial 0 is the baseline if the table has it.
        """
        of_seeds = [self._uniform(seed) for seed in self.searched.seeds]
        means = np.mean(of_seeds, axis=0)
        shared = zip(range(1, len(means) + 1), means, strict=True)
        return [(n * self.searched.steps, float(mean)) for n, mean in shared if not np.isnan(mean)]

    def _uniform(self, seed: int) -> NDArray[np.float64]:
        """Return the expected regret after 1, 2, ... networks, seen under one seed."""
        searched, trials = self.searched, self.settings.trials
        within = searched.within()
        first = searched.baseline
        others = sorted(
            (one for one in within if one is not first),
            key=lambda one: one.scores[seed],
            reverse=True,
        )
        qualities = np.array([one.quality for one in others])
        if first is not None and first in within:
            beaten = np.array([one.scores[seed] <= first.scores[seed] for one in others])
            qualities = np.where(beaten, first.quality, qualities)
        best = searched.best().quality
        known = best - first.quality if first is not None and first in within else np.nan
        found = [known] if first is not None else []
        for drawn in range(1, trials - len(found) + 1):
            found.append(best - float(_chances(len(others), drawn) @ qualities))
        return np.array(found)


def _chances(count: int, drawn: int) -> NDArray[np.float64]:
    """Return the chance of each of `count` things to be the first of those that are drawn.

    Args:
        count: Things, in their order.
        drawn: Without replacement, 1..count.
    """
    chances = np.zeros(count)
    left = 1.0
    for place in range(count - drawn + 1):
        # None of the `place` before is drawn; this one is, of those that are left.
        chance = drawn / (count - place)
        chances[place] = left * chance
        left *= 1 - chance
    return chances
