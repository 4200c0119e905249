"""Asynchronous successive halving: each candidate is decided about when it reaches a rung.

ASHA (Li et al. 2020), with several objectives by fronts (Schmucker et al. 2021). As soon as a place
is free, a candidate that is among the best fraction of those that have reached its rung is
promoted; if there is none, a new one starts. No worker waits for the slowest of a batch. The price
is that the order of arrival decides, so that another number of workers may give another search.
"""

from collections import Counter
from collections.abc import Mapping

from workbench.search.audits import is_audited
from workbench.search.proposals import Proposal, candidate_name
from workbench.search.ranking import ranked
from workbench.search.record import BatchProposed, Promoted, RetryStarted, RungResult, SearchEvent
from workbench.search.rungs import has_diverged, promoted_count
from workbench.search.schedulers.scheduler import (
    Arrival,
    Scheduler,
    SearchContext,
    all_failed,
)
from workbench.search.state import BASELINE


class AshaScheduler(Scheduler):
    """Promotes the best of the highest rung, else starts a new candidate."""

    def __init__(self, context: SearchContext) -> None:
        """Start without a candidate.

        Args:
            context: The search.
        """
        super().__init__(context)
        self._candidates: dict[str, Proposal] = {}
        self._in_training: dict[str, int] = {}
        """The rung that a candidate trains towards, by name."""
        self._at_rung: dict[int, dict[str, tuple[float, ...]]] = {}
        """Values of all that have reached a rung, by rung and name."""
        self._diverged_at: Counter[int] = Counter()
        """How many candidates diverged on the way to a rung."""
        self._promoted: set[tuple[str, int]] = set()
        """(name, rung) of those that were promoted."""
        self._failed_at: dict[str, int] = {}
        """The rung that a candidate was training towards when it failed, by name."""
        self._retried: set[str] = set()
        self._held: dict[str, RungResult] = {}
        """Crashes before any trial has worked, by name: the networks may not be at fault."""
        self._ready: list[RungResult] = []
        """Stages that the loop has not taken yet."""
        self._worked = False

    @property
    def targets(self) -> Mapping[str, int]:
        """The rung that each candidate in training trains towards."""
        ready = {*self._held, *(n for s in self._ready for n in (*s.values, *s.failures))}
        return {name: rung for name, rung in self._in_training.items() if name not in ready}

    def apply(self, event: SearchEvent) -> None:
        """Take in an event of the record."""
        match event:
            case BatchProposed():
                for proposal in event.proposals:
                    if proposal.trained:
                        self._candidates[proposal.name] = proposal
                        self._in_training[proposal.name] = self._rung_after(proposal, -1)
            case Promoted():
                proposal = self._candidates[candidate_name(event.number)]
                self._promoted.add((proposal.name, event.rung))
                self._in_training[proposal.name] = self._rung_after(proposal, event.rung)
            case RetryStarted():
                names = [candidate_name(number) for number in event.numbers]
                self._in_training |= {name: self._failed_at[name] for name in names}
                self._retried.update(names)
            case RungResult():
                self._settle(event)

    def add_arrival(self, arrival: Arrival) -> None:
        """Take in that a candidate has arrived.

        Raises:
            WorkbenchError: If the baseline crashes before any trial has worked, or everything
                that was in training.
        """
        stage = self._stage(arrival)
        self._worked = self._worked or not arrival.crash
        if arrival.crash and arrival.name in self._retried:  # not for the first time
            self._ready.append(stage)
            return
        self._held[arrival.name] = stage
        if not self._in_doubt(arrival):
            self._ready += self._held.values()
            self._held.clear()

    def next_event(self, *, more_candidates: bool) -> SearchEvent | None:
        """Return what came of an arrival, else a promotion if there is a free place."""
        if self._ready:
            return self._ready[0]
        if len(self._in_training) >= self.context.state.record.settings.batch:
            return None
        promotion = self._promotion(at_least=0) or self._audit()
        if promotion is None and not more_candidates and not self._in_training:
            # No other candidate will arrive: the best of a rung is promoted, however few they are.
            promotion = self._promotion(at_least=1)
        return promotion

    def wants(self) -> int:
        """Return one new candidate at a time, as long as there is a free place."""
        return int(len(self._in_training) < self.context.state.record.settings.batch)

    def can_retry(self) -> bool:
        """Return True: failed candidates can be run again at any time."""
        return True

    def _in_doubt(self, arrival: Arrival) -> bool:
        """Return whether a crash may not be the network's fault: no trial has worked so far.

        Raises:
            WorkbenchError: If it is not; a resumed search runs what is in training again.
        """
        if arrival.crash and arrival.name == BASELINE:
            raise all_failed("the canonical network", arrival.crash)
        everything = not self._worked and len(self._held) == len(self._in_training)
        if everything and len(self._in_training) > 1:
            raise all_failed("every trial that was under way", arrival.crash)
        return not self._worked and not everything

    def _promotion(self, at_least: int) -> Promoted | None:
        """Return the promotion of the best candidate of the highest rung that deserves one.

        Args:
            at_least: Candidates of a rung that are promoted, however few have reached it.
        """
        for rung in sorted(self._at_rung, reverse=True):
            values = self._at_rung[rung]
            reached = len(values) + self._diverged_at[rung]
            count = max(at_least, promoted_count(self.context.fraction, reached))
            for name in ranked(values, self.context.objectives)[:count]:
                if (name, rung) not in self._promoted:
                    return Promoted(number=self._candidates[name].number, rung=rung)
        return None

    def _audit(self) -> Promoted | None:
        """Return the promotion of a candidate that waits at a rung and was drawn to train on."""
        settings = self.context.state.record.settings
        for rung in sorted(self._at_rung, reverse=True):
            for name in self._at_rung[rung]:
                proposal = self._candidates[name]
                if (name, rung) not in self._promoted and is_audited(settings, proposal):
                    return Promoted(number=proposal.number, rung=rung, audited=True)
        return None

    def _settle(self, stage: RungResult) -> None:
        self._ready = [one for one in self._ready if one is not stage]
        self._failed_at |= dict.fromkeys(stage.failures, stage.rung)
        for name in (*stage.values, *stage.failures):
            del self._in_training[name]
        self._diverged_at[stage.rung] += sum(map(has_diverged, stage.failures.values()))
        if stage.rung < self.context.end:
            self._at_rung.setdefault(stage.rung, {}).update(stage.values)

    def _stage(self, arrival: Arrival) -> RungResult:
        name = arrival.name
        return RungResult(
            batch=self._candidates[name].batch,
            rung=arrival.rung,
            values={} if arrival.values is None else {name: arrival.values},
            failures={} if arrival.values is not None else {name: arrival.failure},
        )

    def _rung_after(self, proposal: Proposal, rung: int) -> int:
        """Return where a candidate is compared next; the baseline is compared nowhere."""
        end, steps = self.context.end, self.context.steps(proposal)
        later = [place for place in range(rung + 1, end) if steps[place] is not None]
        return end if proposal.name == BASELINE or not later else later[0]
