"""The search itself: one loop over events, whatever the scheduler.

A search is a log of events. Trials arrive; the scheduler says what follows; each event is written
to the disk before anything follows from it. Resuming a killed search is the same loop that is given
the events of the file first.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from workbench.config.trial import TrialConfig
from workbench.execution.plan import Arm
from workbench.execution.stream import ArmEnded
from workbench.results import TrialResult, TrialState
from workbench.search.candidates import excess_and_slack
from workbench.search.objectives import Objective
from workbench.search.proposals import Proposal, candidate_name
from workbench.search.proposing import STUCK, propose, seen_runs
from workbench.search.record import (
    EXHAUSTED,
    FAILED,
    NONE_FOUND,
    BatchProposed,
    Promoted,
    RetryStarted,
    RungResult,
    SearchEvent,
    SearchRecord,
)
from workbench.search.samplers.choosing import make_sampler
from workbench.search.samplers.sampler import Sampler
from workbench.search.schedulers.choosing import make_scheduler
from workbench.search.schedulers.scheduler import Arrival, Scheduler, SearchContext
from workbench.search.state import BASELINE, SearchState, cost_of_trial
from workbench.search.warm_start import baseline_observation

RunStream = Callable[[Iterable[Arm], Callable[[ArmEnded], Iterable[Arm]]], None]
"""Runs arms and those that follow from their ends, as `execution.stream.run_arms` does."""
Fork = Callable[[TrialConfig], None]
"""Gives a training the steps that it shares with its parent's, while their checkpoint is there."""


def run_loop(
    record: SearchRecord,
    trials: int,
    objectives: tuple[Objective, ...],
    run: RunStream,
    keep: Callable[[SearchEvent], None],
    fork: Fork | None = None,
    *,
    retry: bool = False,
) -> SearchState:
    """Run a search until it has trained enough networks, or finds no new one.

    Args:
        record: A new one, or that of a search to resume.
        trials: Networks to train, the baseline among them.
        objectives: What the sampler observes.
        run: Runs trials.
        keep: Keeps an event; it must be on the disk when this returns.
        fork: Gives offspring their parent's checkpoint. Without it they train from the start,
            which gives the same weights.
        retry: Run failed trials again.

    Raises:
        WorkbenchError: If the baseline fails, or all trials at first.
    """
    loop = _opened(make_sampler(record.settings, objectives), record, trials, objectives, keep)
    loop.fork = fork
    loop.retry_pending = retry and not record.retrying
    return loop.run(run)


def run_unrecorded(
    sampler: Sampler,
    record: SearchRecord,
    trials: int,
    objectives: tuple[Objective, ...],
    run: RunStream,
) -> SearchState:
    """Run a search that is never resumed, so that no event of it is kept; see `run_loop`.

    Args:
        sampler: Proposes in place of that of the settings, and has observed nothing.
        record: A new one.
        trials: Networks to train, the baseline among them.
        objectives: What the sampler observes.
        run: Runs trials.
    """
    return _opened(sampler, record, trials, objectives, lambda _: None).run(run)


def _opened(
    sampler: Sampler,
    record: SearchRecord,
    trials: int,
    objectives: tuple[Objective, ...],
    keep: Callable[[SearchEvent], None],
) -> "_Loop":
    """Return the loop of a search that has taken in the events of its record."""
    state = SearchState(record)
    for observation in record.prior:
        sampler.add_prior(observation)
    context = SearchContext(state, objectives, trials, seen_runs(state))
    loop = _Loop(context, make_scheduler(context), sampler, keep)
    loop.replay()
    return loop


@dataclass
class _Loop:
    """Between the running trials, the scheduler, the sampler and the record."""

    context: SearchContext
    scheduler: Scheduler
    sampler: Sampler
    keep: Callable[[SearchEvent], None]
    fork: Fork | None = None
    retry_pending: bool = False
    """Whether failed trials are run again as soon as the scheduler can."""
    none_found: bool = False
    """Whether this process has looked for a new network in vain; a resumed search looks on."""
    running: dict[str, int] = field(default_factory=dict)
    """The target of each candidate that runs, by name."""
    proposals: dict[str, Proposal] = field(default_factory=dict)
    """Every candidate, by name."""

    @property
    def state(self) -> SearchState:
        """The search."""
        return self.context.state

    def run(self, run: RunStream) -> SearchState:
        """Run the search to its end."""
        run(self.first(), self.then)
        # In the order of the proposals, whichever trial ended first.
        found = self.state.results
        self.state.results = {p.name: found[p.name] for p in self.state.trained if p.name in found}
        return self.state

    def replay(self) -> None:
        """Take in the events of the record."""
        for event in self.state.record.events:
            if isinstance(event, BatchProposed):
                self._replay_proposals(event.proposals)
            self._apply(event)

    def first(self) -> list[Arm]:
        """Return what runs first.

        Trials that have their score are among it: the ledger has their results.
        """
        end = self.context.end
        scored = {
            name for s in self.state.record.rung_results if s.rung == end for name in s.values
        }
        arms = [self._arm(p, None) for p in self.state.trained if p.name in scored]
        return [*arms, *self._advance()]

    def then(self, ended: ArmEnded) -> list[Arm]:
        """Take in that a trial has ended under all seeds; return what runs next."""
        rung = self.running.pop(ended.name, None)
        if rung is None or rung == self.context.end:
            self.state.results[ended.name] = ended.results
        if rung is None:
            return []  # its score is in the record
        self.scheduler.add_arrival(self._arrival(ended, rung))
        return self._advance()

    def _advance(self) -> list[Arm]:
        """Note all that follows, and return what is to be run and does not run yet."""
        while (event := self._next_event()) is not None:
            self._note(event)
        due = {n: r for n, r in self.scheduler.targets.items() if n not in self.running}
        self.running |= due
        found = []
        for name, rung in due.items():
            proposal = self.proposals[name]
            if proposal.parent is not None and self.fork is not None:
                self.fork(self.state.config(proposal))
            found.append(self._arm(proposal, self.context.step(proposal, rung)))
        return found

    def _next_event(self) -> SearchEvent | None:
        """Return what follows: of the scheduler's rules, of `retry`, or a new proposal."""
        if self.retry_pending and self.scheduler.can_retry():
            self.retry_pending = False
            failed = self.state.record.retryable()
            if failed:
                numbers = tuple(proposal.number for proposal in failed)
                return RetryStarted(batch=self.state.record.next_batch, numbers=numbers)
        left = int(self.context.left)
        more = left > 0 and not self.none_found and self.state.record.end != EXHAUSTED
        event = self.scheduler.next_event(more_candidates=more)
        wanted = min(self.scheduler.wants(), left) if event is None and more else 0
        return self._proposed(wanted) if wanted else event

    def _proposed(self, wanted: int) -> BatchProposed:
        """Propose new networks."""
        batch = self.state.record.next_batch
        proposed = propose(self.state, self.sampler, self.context.seen, batch, wanted)
        self.none_found = proposed.end == NONE_FOUND
        return proposed

    def _note(self, event: SearchEvent) -> None:
        """Keep an event, and take in what follows from it."""
        self.state.record = self.state.record.with_events([event])
        self.keep(event)
        self._apply(event)

    def _apply(self, event: SearchEvent) -> None:
        offspring = event.offspring if isinstance(event, RungResult) else ()
        new = event.proposals if isinstance(event, BatchProposed) else offspring
        self.proposals |= {proposal.name: proposal for proposal in new}
        self.scheduler.apply(event)
        self._inform_sampler(event)

    def _inform_sampler(self, event: SearchEvent) -> None:
        """Report to the sampler what an event says about candidates."""
        match event:
            case Promoted():
                self.sampler.add_running(self.proposals[candidate_name(event.number)])
            case RetryStarted():
                for number in event.numbers:
                    if number > 0:
                        self.sampler.add_running(self.proposals[candidate_name(number)])
            case RungResult():
                for name, values in event.values.items():
                    self._report(event, self.proposals[name], values)
                for name in event.failures:
                    self.sampler.add_observation(self.proposals[name], None)

    def _report(self, stage: RungResult, proposal: Proposal, values: Sequence[float]) -> None:
        if stage.rung == self.context.end:
            if proposal.name == BASELINE:
                self._report_baseline(tuple(values))
            self.sampler.add_observation(proposal, values)
            return
        step = self.context.step(proposal, stage.rung)
        assert step is not None, "candidates have values at rungs where they are compared"
        promoted = proposal.name in stage.promoted
        report = self.sampler.add_passed if promoted else self.sampler.add_stopped
        report(proposal.number, step, values)

    def _report_baseline(self, values: tuple[float, ...]) -> None:
        """Report the baseline's score, if the space has its combination and nothing reported it."""
        record, baseline = self.state.record, self.proposals[BASELINE]
        found = baseline_observation(record.settings)
        if found is not None and found.params not in [prior.params for prior in record.prior]:
            limits = record.settings.space.limits
            limited = excess_and_slack(cost_of_trial(baseline), limits, baseline.latency_ms)
            self.sampler.add_prior(found.model_copy(update={"values": values, **limited}))

    def _replay_proposals(self, proposals: Sequence[Proposal]) -> None:
        """Let the sampler repeat what it proposed before."""
        rejected = 0
        for proposal in proposals:
            if proposal.number > 0:
                self.sampler.add_proposed(proposal, at_random=rejected >= STUCK)
            rejected = 0 if proposal.trained else rejected + 1
            if not proposal.trained:
                self.sampler.add_observation(proposal, None)

    def _arrival(self, ended: ArmEnded, rung: int) -> Arrival:
        proposal = self.proposals[ended.name]
        step = self.context.step(proposal, rung)
        good = {TrialState.COMPLETE} if step is None else {TrialState.COMPLETE, TrialState.PRUNED}
        failure = failure_of(ended, good)
        if failure:
            return Arrival(ended.name, rung, None, failure, ended.failed)
        found = ended.results
        values = tuple(
            o.value(found) if step is None else o.value_at(found, step)
            for o in self.context.objectives
        )
        return Arrival(ended.name, rung, values)

    def _arm(self, proposal: Proposal, until: int | None) -> Arm:
        return Arm(proposal.name, "", self.state.config(proposal), until=until)


def failure_of(ended: ArmEnded, good: set[TrialState]) -> str:
    """Return why trials have no score, beginning with a state and a colon; empty if they have."""
    if ended.failed:
        return f"{FAILED}: {ended.failed}"
    bad: list[TrialResult] = [result for result in ended.results if result.state not in good]
    return f"{bad[0].state.value}: {bad[0].reason}" if bad else ""
