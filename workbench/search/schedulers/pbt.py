"""Population based training (Jaderberg et al. 2017): offspring of the best replace the worst."""

from collections.abc import Mapping, Sequence

from workbench.execution.plan import run_identity
from workbench.search.population import Population
from workbench.search.proposals import Proposal
from workbench.search.ranking import ranked
from workbench.search.record import RungResult, SearchEvent
from workbench.search.schedulers.cohorts import CohortScheduler
from workbench.search.schedulers.scheduler import SearchContext


class PbtScheduler(CohortScheduler):
    """A batch is a population: it is ranked at each rung, and its worst members are replaced.

    Each offspring forks the checkpoint of one of the best and trains on with changed settings. A
    population is compared with itself only.
    """

    def __init__(self, context: SearchContext) -> None:
        """Start without a population.

        Args:
            context: The search.
        """
        super().__init__(context)
        self._population = Population(context.state, context.seen)

    def apply(self, event: SearchEvent) -> None:
        """Take in an event of the record."""
        super().apply(event)
        if isinstance(event, RungResult):
            state = self.context.state
            for proposal in event.offspring:
                self.context.seen[run_identity(state.config(proposal))] = proposal.number

    def compared_with(self, rung: int) -> Mapping[str, tuple[float, ...]]:
        """Return nothing, or for members that are run again what their rung has seen."""
        return self.at_rung.get(rung, {}) if self.retrying else {}

    def offspring(
        self, stage: RungResult, cohort: Sequence[Proposal], step: int
    ) -> tuple[Proposal, ...]:
        """Return a new member for each one that is stopped or has failed."""
        if self.retrying:
            return ()  # the places of those that failed before are taken
        places = len(cohort) - len(stage.promoted)
        here = {name: stage.values[name] for name in stage.promoted if name in stage.values}
        best = set(ranked(here, self.context.objectives)[:places])
        count = min(places, int(self.context.left / self.context.cost(step)))
        parents = [proposal for proposal in cohort if proposal.name in best]
        return self._population.offspring(stage.batch, step, parents, count)
