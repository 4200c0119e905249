"""What a search has found, as values: scores, the front, importances, rank correlations."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.search.bicubic import bicubic_values
from workbench.search.importances import Importance, importances
from workbench.search.objectives import Objective
from workbench.search.rungs import rung_steps
from workbench.search.state import SearchState, cost_of_trial
from workbench.statistics.ranks import RankCorrelation, partial_tau, rank_correlation


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
class Rungs:
    """The first objective of networks at the rungs and at their end."""

    at: Mapping[int, Mapping[str, float]]
    """By step and name."""
    ends: Mapping[str, float]
    parameters: Mapping[str, int]

    def correlations(self) -> dict[int, "Correlation"]:
        """Return the rank correlation of each rung with the end, by step."""
        return {step: self._correlation(values) for step, values in self.at.items()}

    def _correlation(self, values: Mapping[str, float]) -> "Correlation":
        both = [name for name in values if name in self.ends]
        here, there = [values[n] for n in both], [self.ends[n] for n in both]
        found = rank_correlation(here, there)
        sizes = [float(self.parameters[n]) for n in both]
        partial = None if found is None else partial_tau(here, there, sizes)
        return Correlation(len(both), found, partial)


@dataclass(frozen=True)
class Correlation:
    """How well a rung predicts the ranks at the end."""

    networks: int
    """That have a value at both."""
    tau: RankCorrelation | None
    """Kendall's tau; None for too few networks."""
    partial_tau: float | None
    """Kendall's tau at a fixed number of parameters; None for too few networks."""


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
    return Rungs(
        at={step: values for step, values in at.items() if values},
        ends={name: values[0] for name, values in state.values([objective]).items()},
        parameters={p.name: cost_of_trial(p).parameters for p in state.trained},
    )


def _at_rung(state: SearchState, rung: int) -> dict[str, float]:
    """Return the first objective of all candidates that have reached a rung."""
    if rung >= len(state.record.settings.space.fidelity.rungs):
        return {}
    stages = (stage for stage in state.record.rung_results if stage.rung == rung)
    return {name: values[0] for stage in stages for name, values in stage.values.items()}
