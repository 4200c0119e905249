"""What is shown of a search: found out once, drawn as a page, as figures, or in MLflow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.reporting.search_figures import Scored
from workbench.reporting.wording import overlap_texts
from workbench.search.bicubic import bicubic_values, bicubic_warnings
from workbench.search.objectives import Objective
from workbench.search.optuna_study import importances
from workbench.search.rungs import rung_steps
from workbench.search.state import SearchState, cost_of_trial
from workbench.statistics.ranks import FEWEST, partial_tau, rank_correlation


@dataclass(frozen=True)
class Importances:
    """What mattered for the first objective."""

    shares: Mapping[str, Mapping[str, float]]
    """By method and dimension; empty for too few networks."""
    count: int
    """Networks that were compared."""
    at_first_rung: bool
    """There all candidates are compared; without rungs at the end."""


@dataclass(frozen=True)
class Rungs:
    """What networks had of the first objective at the rungs and at their end."""

    at: Mapping[int, Mapping[str, float]]
    """By step and name."""
    ends: Mapping[str, float]
    parameters: Mapping[str, int]

    def correlations(self) -> list[str]:
        """Return the rank correlation of each rung with the end, in words."""
        return [f"after {step:,} steps: {self._told(values)}" for step, values in self.at.items()]

    def _told(self, values: Mapping[str, float]) -> str:
        both = [name for name in values if name in self.ends]
        here, there = [values[n] for n in both], [self.ends[n] for n in both]
        found = rank_correlation(here, there)
        if found is None:
            return f"fewer than {FEWEST} networks, no rank correlation"
        low, high = found.interval()
        fixed = partial_tau(here, there, [float(self.parameters[n]) for n in both])
        beyond = "" if fixed is None else f", {fixed:z.2f} at fixed parameters"
        tau = f"Kendall's tau {found.tau:z.2f} [{low:z.2f}, {high:z.2f}]"
        return f"{tau}{beyond}, {len(both)} networks"


@dataclass(frozen=True)
class SearchView:
    """What is shown of a search."""

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
    def warnings(self) -> list[str]:
        """Sentences on the networks that do not beat bicubic, one for each data set."""
        return bicubic_warnings(self.state)

    @property
    def has_choices(self) -> bool:
        """Whether there are networks whose choices can be compared."""
        return sum(bool(one.params) for one in self.scored) > 1

    @property
    def counts(self) -> str:
        """What became of the proposals, in words."""
        record = self.state.record
        reasons = Counter(p.rejected.split()[0] for p in record.proposals if p.rejected)
        told = ", ".join(f"{count} for {reason}" for reason, count in reasons.most_common())
        twins = sum(p.same_as is not None for p in record.proposals)
        results = (result for found in self.state.results.values() for result in found)
        overlaps = "".join(f" {text}." for text in overlap_texts(results))
        return (
            f"{len(record.proposals)} proposals: {len(self.scored)} networks scored, "
            f"{len(record.stopped())} stopped early, {len(record.ended())} failed, "
            f"{sum(reasons.values())} rejected before training{f' ({told})' if told else ''}, "
            f"{twins} were networks that were there already. t0000 is the canonical network."
            f"{overlaps}"
        )


def view_of(state: SearchState, objectives: Sequence[Objective]) -> SearchView:
    """Find out what is shown of a search.

    Args:
        state: The search as far as it is known.
        objectives: Of it.
    """
    first = objectives[0]
    return SearchView(
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
    shares = importances(state.record.proposals, values, objective)
    return Importances(shares, len(values), bool(first))


def _rungs(state: SearchState, objective: Objective) -> Rungs:
    steps = rung_steps(state.record.settings.space.fidelity, state.record.settings.base.training)
    at = {step: _at_rung(state, rung) for rung, step in enumerate(steps) if step is not None}
    return Rungs(
        at={step: values for step, values in at.items() if values},
        ends={name: values[0] for name, values in state.values([objective]).items()},
        parameters={p.name: cost_of_trial(p).parameters for p in state.trained},
    )


def _at_rung(state: SearchState, rung: int) -> dict[str, float]:
    """Return the first objective of all candidates that came to a rung."""
    if rung >= len(state.record.settings.space.fidelity.rungs):
        return {}
    stages = (stage for stage in state.record.stages if stage.rung == rung)
    return {name: values[0] for stage in stages for name, values in stage.values.items()}
