"""A search as far as it is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workbench.config.trial import TrialConfig
from workbench.execution.unfinished import Unfinished
from workbench.results import Cost, TrialResult, TrialState
from workbench.search.candidates import exceeded_limit
from workbench.search.objectives import Objective
from workbench.search.proposals import Proposal
from workbench.search.ranking import front
from workbench.search.record import SearchRecord

BASELINE = "t0000"
"""Name of the baseline's candidate: always the first, and never stopped early."""


def cost_of_trial(proposal: Proposal) -> Cost:
    """Return what the network of a trial costs."""
    assert proposal.cost is not None, "records of trials hold it"
    return proposal.cost


@dataclass
class SearchState:
    """A search as far as it is known."""

    record: SearchRecord
    results: dict[str, list[TrialResult]] = field(default_factory=dict)
    """Of the candidates that have trained to their end, by name of the proposal."""
    stopped: Unfinished | None = None
    """What is left of a search that a signal or its time limit has stopped; None otherwise."""

    @property
    def trained(self) -> list[Proposal]:
        """Proposals that are trials."""
        return [proposal for proposal in self.record.proposals if proposal.trained]

    def config(self, proposal: Proposal) -> TrialConfig:
        """Return the trial of a proposal, of the first seed."""
        return self.record.settings.trial(proposal.overrides)

    def front(self, objectives: Sequence[Objective]) -> tuple[str, ...]:
        """Return the Pareto front of the networks within the limits: none of them is dominated."""
        values = self.values(objectives)
        limits = self.record.settings.space.limits
        within = {
            proposal.name: values[proposal.name]
            for proposal in self.trained
            if proposal.name in values
            and not exceeded_limit(cost_of_trial(proposal), limits, proposal.latency_ms)
        }
        return front(within, objectives)

    def values(self, objectives: Iterable[Objective]) -> dict[str, tuple[float, ...]]:
        """Return the objectives of every network that has a score under every seed."""
        wanted = tuple(objectives)
        count = len(self.record.settings.trial_seeds)
        return {
            name: tuple(objective.value(found) for objective in wanted)
            for name, found in self.results.items()
            if len(found) == count and all(r.state is TrialState.COMPLETE for r in found)
        }
