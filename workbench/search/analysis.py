"""What a search has found, as values: scores, the front, importances, rank correlations."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.search.audits import weights
from workbench.search.bicubic import bicubic_values
from workbench.search.importances import Importance, importances
from workbench.search.objectives import Objective
from workbench.search.rungs import rung_steps
from workbench.search.state import SearchState, cost_of_trial
from workbench.statistics.ranks import (
    PartialCorrelation,
    RankCorrelation,
    partial_correlation,
    rank_correlation,
    regret,
    seed_ceiling,
)

REGRETS = (1, 5)
"""How many networks are picked at a rung."""


@dataclass(frozen=True)
class Scored:
    """A network of a search that has trained to its end."""

    name: str
    values: tuple[float, ...]
    """Of the objectives."""
    multiply_adds_g: float
    params: Mapping[str, object]
    """What was chosen, by dimension; empty for the baseline."""
    on_front: bool


@dataclass(frozen=True)
class Importances:
    """Hyper-parameter importance for the first objective."""

    by_method: Mapping[str, Mapping[str, Importance]]
    """By method and dimension; without the methods that need more networks."""
    count: int
    """Networks that were compared."""
    at_first_rung: bool
    """There all candidates are compared; without rungs at the end."""

    @property
    def shares(self) -> dict[str, dict[str, float]]:
        """Shares of the methods that tell at least one dimension from noise, by dimension.

        The others have shares, too, and their largest would look like a finding.
        """
        return {
            method: {name: one.share for name, one in found.items()}
            for method, found in self.by_method.items()
            if any(one.stands_out for one in found.values())
        }


@dataclass(frozen=True)
class Correlation:
    """How well a rung predicts the ranks at the end."""

    networks: int
    """That have a value at both."""
    audited: int
    """Of them, those that the rungs would have stopped; they stand for the others of that kind."""
    tau: RankCorrelation | None
    """Kendall's tau over all that reached the rung, if any is audited, else over those that were
    not stopped; None for too few networks."""
    at_fixed_parameters: PartialCorrelation | None
    """Spearman's rho at a fixed number of parameters, over those that have an end; None for too few
    networks."""
    regrets: Mapping[int, float]
    """By k: how much the best of the k best at the rung misses of the best at the end, in the unit
    of the objective. Among those that have an end."""


@dataclass(frozen=True)
class Rungs:
    """The first objective of networks at the rungs and at their end."""

    objective: Objective
    at: Mapping[int, Mapping[str, float]]
    """By step and name."""
    ends: Mapping[str, float]
    parameters: Mapping[str, int]
    weights: Mapping[str, float]
    """How many networks each audited one stands for, by name."""
    ceiling: float | None
    """Tau of two rankings at the end under different seeds, at best; None if it is not known."""

    def correlations(self) -> dict[int, Correlation]:
        """Return the rank correlation of each rung with the end, by step."""
        return {step: self._correlation(values) for step, values in self.at.items()}

    def _correlation(self, values: Mapping[str, float]) -> Correlation:
        both = [name for name in values if name in self.ends]
        sign = -1.0 if self.objective.direction == "minimize" else 1.0
        here, there = [sign * values[n] for n in both], [sign * self.ends[n] for n in both]
        sizes = [float(self.parameters[n]) for n in both]
        return Correlation(
            networks=len(both),
            audited=sum(name in self.weights for name in both),
            tau=rank_correlation(here, there, [self.weights.get(name, 1.0) for name in both]),
            at_fixed_parameters=partial_correlation(here, there, sizes),
            regrets={k: regret(here, there, k) for k in REGRETS if len(both) > k},
        )


@dataclass(frozen=True)
class SearchAnalysis:
    """What a search has found."""

    state: SearchState
    objectives: tuple[Objective, ...]
    scored: Sequence[Scored]
    importances: Importances
    rungs: Rungs

    @property
    def names(self) -> list[str]:
        """Names of the objectives."""
        return [objective.name for objective in self.objectives]

    @property
    def bicubic(self) -> tuple[float | None, ...]:
        """What bicubic has of each objective; None for costs, and where it is not known."""
        return bicubic_values(self.state, self.objectives)

    @property
    def has_choices(self) -> bool:
        """Whether there are networks whose choices can be compared."""
        return sum(bool(one.params) for one in self.scored) > 1

    @property
    def rejections(self) -> Counter[str]:
        """How many proposals each limit has rejected."""
        return Counter(p.rejected.split()[0] for p in self.state.record.proposals if p.rejected)

    @property
    def duplicates(self) -> int:
        """Proposals that build a network that was proposed before."""
        return sum(p.same_as is not None for p in self.state.record.proposals)


def analyse_search(state: SearchState, objectives: Sequence[Objective]) -> SearchAnalysis:
    """Analyse a search.

    Args:
        state: The search as far as it is known.
        objectives: Of the search.
    """
    first = objectives[0]
    return SearchAnalysis(
        state=state,
        objectives=tuple(objectives),
        scored=_scored(state, objectives),
        importances=_importances(state, first),
        rungs=_rungs(state, first),
    )


def _scored(state: SearchState, objectives: Sequence[Objective]) -> list[Scored]:
    best = state.front(objectives)
    values = state.values(objectives)
    return [
        Scored(
            proposal.name,
            values[proposal.name],
            cost_of_trial(proposal).multiply_adds / 1e9,
            proposal.choices,
            proposal.name in best,
        )
        for proposal in state.trained
        if proposal.name in values
    ]


def _importances(state: SearchState, objective: Objective) -> Importances:
    first = _at_rung(state, 0)
    values = first or {n: v[0] for n, v in state.values([objective]).items()}
    compared = [p.name for p in state.record.proposals if p.name in values and p.params]
    found = importances(state.record.proposals, values, objective)
    return Importances(found, len(compared), bool(first))


def _rungs(state: SearchState, objective: Objective) -> Rungs:
    steps = rung_steps(state.record.settings.space.fidelity, state.record.settings.base.training)
    at = {step: _at_rung(state, rung) for rung, step in enumerate(steps) if step is not None}
    ends = {name: values[0] for name, values in state.values([objective]).items()}
    by_seed = [[objective.value([one]) for one in state.results[name]] for name in ends]
    return Rungs(
        objective=objective,
        at={step: values for step, values in at.items() if values},
        ends=ends,
        parameters={p.name: cost_of_trial(p).parameters for p in state.trained},
        weights=weights(state.record),
        ceiling=seed_ceiling(np.array(by_seed)) if by_seed else None,
    )


def _at_rung(state: SearchState, rung: int) -> dict[str, float]:
    """Return the first objective of all candidates that have reached a rung."""
    if rung >= len(state.record.settings.space.fidelity.rungs):
        return {}
    stages = (stage for stage in state.record.rung_results if stage.rung == rung)
    return {name: values[0] for stage in stages for name, values in stage.values.items()}
