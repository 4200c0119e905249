"""What synchronous schedulers share: candidates that are proposed together move together."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence

from workbench.search.audits import is_audited
from workbench.search.proposals import Proposal
from workbench.search.record import BatchProposed, RetryStarted, RungResult, SearchEvent
from workbench.search.rungs import has_diverged, select_survivors
from workbench.search.schedulers.scheduler import (
    Arrival,
    Scheduler,
    SearchContext,
    all_failed,
)
from workbench.search.state import BASELINE


class CohortScheduler(Scheduler):
    """Trains a cohort to a rung, waits for all of it, and decides once for all of it.

    So decisions do not depend on the order of arrival, nor on the number of workers. The baseline
    is a cohort of its own at first, and is never stopped.
    """

    def __init__(self, context: SearchContext) -> None:
        """Start without a cohort.

        Args:
            context: The search.
        """
        super().__init__(context)
        self.at_rung: dict[int, dict[str, tuple[float, ...]]] = {}
        """Values of the candidates of all cohorts so far, by rung and name."""
        self.diverged_at: Counter[int] = Counter()
        """How many candidates of all cohorts so far diverged on the way to a rung."""
        self.retrying = False
        """Whether the cohort failed before."""
        self._cohort: tuple[Proposal, ...] = ()
        self._rung = 0
        self._arrivals: dict[str, Arrival] = {}
        self._started = False

    @abstractmethod
    def compared_with(self, rung: int) -> Mapping[str, tuple[float, ...]]:
        """Return the values at a rung that those of the cohort are ranked among, by name."""

    def diverged_before(self, rung: int) -> int:  # noqa: ARG002
        """Return how many candidates of `compared_with` diverged on the way to a rung instead."""
        return 0

    @abstractmethod
    def offspring(
        self, stage: RungResult, cohort: Sequence[Proposal], step: int
    ) -> tuple[Proposal, ...]:
        """Return new candidates that take the places of those that are stopped.

        Args:
            stage: Results of the cohort at the rung.
            cohort: Candidates that reached the rung.
            step: Of the rung.
        """

    @property
    def targets(self) -> Mapping[str, int]:
        """The rung of the cohort, for each of its candidates that has not arrived."""
        names = (p.name for p in self._trained() if p.name not in self._arrivals)
        return dict.fromkeys(names, self._rung)

    def apply(self, event: SearchEvent) -> None:
        """Take in an event of the record."""
        match event:
            case BatchProposed():
                self._start([p for p in event.proposals if p.trained], retrying=False)
            case RetryStarted():
                proposals = self.context.state.record.proposals
                again = [p for p in proposals if p.number in event.numbers]
                batch = {"batch": event.batch}
                self._start([p.model_copy(update=batch) for p in again], retrying=True)
            case RungResult():
                self._settle(event)

    def add_arrival(self, arrival: Arrival) -> None:
        """Take in that a candidate has arrived.

        Raises:
            WorkbenchError: If the whole cohort crashes.
        """
        self._arrivals[arrival.name] = arrival
        trained = self._trained()
        crashes = [self._arrivals[p.name].crash for p in trained if p.name in self._arrivals]
        if len(crashes) < len(trained) or not all(crashes):
            return
        if trained[0].name == BASELINE:
            raise all_failed("the canonical network", crashes[0])
        if len(trained) > 1 and not self.retrying:
            raise all_failed("every trial of this batch", crashes[0])

    def next_event(self, *, more_candidates: bool) -> RungResult | None:  # noqa: ARG002
        """Return the results of the cohort, once all of it has arrived."""
        if not self._cohort or self.targets:
            return None
        values: dict[str, tuple[float, ...]] = {}
        crashed: dict[str, str] = {}
        failed: dict[str, str] = {}
        for proposal in self._trained():
            arrival = self._arrivals[proposal.name]
            if arrival.values is not None:
                values[arrival.name] = arrival.values
            else:
                (crashed if arrival.crash else failed)[arrival.name] = arrival.failure
        stage = RungResult(
            batch=self._cohort[0].batch, rung=self._rung, values=values, failures=crashed | failed
        )
        return stage if self._rung == self.context.end else self._decided(stage)

    def wants(self) -> int:
        """Return the size of a cohort if the last one is settled."""
        if self._cohort:
            return 0
        return self.context.state.record.settings.batch if self._started else 1

    def can_retry(self) -> bool:
        """Return whether the last cohort is settled."""
        return not self._cohort

    def _start(self, cohort: Sequence[Proposal], *, retrying: bool) -> None:
        self._started = True
        self._cohort, self._rung, self._arrivals = tuple(cohort), 0, {}
        self.retrying = retrying

    def _settle(self, stage: RungResult) -> None:
        if stage.rung == self.context.end:
            self._cohort = ()
        else:
            self.at_rung.setdefault(stage.rung, {}).update(stage.values)
            self.diverged_at[stage.rung] += _diverged(stage)
            on = [p for p in self._cohort if p.name in stage.promoted]
            self._cohort = (*on, *stage.offspring)
        self._rung, self._arrivals = stage.rung + 1, {}

    def _trained(self) -> list[Proposal]:
        """Return the candidates that train to the rung at hand; the others skip it."""
        return [p for p in self._cohort if self._rung == self.context.end or self._compared(p)]

    def _compared(self, proposal: Proposal) -> bool:
        step = self.context.step(proposal, self._rung)
        return proposal.name != BASELINE and step is not None

    def _decided(self, stage: RungResult) -> RungResult:
        """Return a stage with the survivors of its rung, and their offspring."""
        best = select_survivors(
            stage.values,
            self.compared_with(stage.rung),
            self.context.objectives,
            self.context.fraction,
            self.diverged_before(stage.rung) + _diverged(stage),
        )
        free = {p.name for p in self._cohort if not self._compared(p)}
        stopped = [p for p in self._cohort if p.name in stage.values and p.name not in best]
        settings = self.context.state.record.settings
        audited = tuple(p.name for p in stopped if is_audited(settings, p))
        on = tuple(p.name for p in self._cohort if p.name in {*best, *free, *audited})
        stage = stage.model_copy(update={"promoted": on, "audited": audited})
        steps = [self.context.step(p, stage.rung) for p in self._trained()]
        step = max((one for one in steps if one is not None), default=None)
        if step is None:
            return stage
        return stage.model_copy(update={"offspring": self.offspring(stage, self._cohort, step)})


def _diverged(stage: RungResult) -> int:
    return sum(map(has_diverged, stage.failures.values()))
