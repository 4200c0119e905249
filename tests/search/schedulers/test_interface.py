"""A scheduler that is written from the interface alone: it stops a candidate that is no record."""

from collections.abc import Mapping

import pytest

from tests.builders.searches import Fake, run, settings, with_rungs
from workbench.search import loop
from workbench.search.record import BatchProposed, RetryStarted, RungResult, SearchEvent
from workbench.search.schedulers.scheduler import Arrival, Scheduler, SearchContext
from workbench.search.state import BASELINE


class RecordsOnly(Scheduler):
    """Trains one candidate at a time; only one better than all before it passes the first rung."""

    def __init__(self, context: SearchContext) -> None:
        super().__init__(context)
        self.candidate = ""
        self.rung = 0
        self.best = float("-inf")
        self.arrival: Arrival | None = None

    @property
    def targets(self) -> Mapping[str, int]:
        return {self.candidate: self.rung} if self.candidate and not self.arrival else {}

    def apply(self, event: SearchEvent) -> None:
        self.arrival = None
        if isinstance(event, BatchProposed):
            self.candidate = next((p.name for p in event.proposals if p.trained), "")
            self.rung = self.context.end if self.candidate == BASELINE else 0
        elif isinstance(event, RungResult):
            values = event.values.get(self.candidate)
            if values and event.rung == 0:
                self.best = max(self.best, values[0])
            self.rung = self.context.end
            if self.candidate not in event.promoted:
                self.candidate = ""
        else:
            assert isinstance(event, RetryStarted)

    def add_arrival(self, arrival: Arrival) -> None:
        self.arrival = arrival

    def next_event(self, *, more_candidates: bool) -> SearchEvent | None:  # noqa: ARG002
        if self.arrival is None:
            return None
        name, rung, values = self.arrival.name, self.arrival.rung, self.arrival.values
        better = values is not None and rung < self.context.end and values[0] > self.best
        return RungResult(
            batch=next(p.batch for p in self.context.state.trained if p.name == name),
            rung=rung,
            values={} if values is None else {name: values},
            failures={} if values is not None else {name: self.arrival.failure},
            promoted=(name,) if better else (),
        )

    def wants(self) -> int:
        return 0 if self.candidate else 1

    def can_retry(self) -> bool:
        return False


def test_another_scheduler_runs_in_the_same_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "make_scheduler", RecordsOnly)
    fake, wanted = Fake(), settings(space=with_rungs(), sampler="random")
    state = run(wanted, 12, fake)
    first = {n: v[0] for s in state.record.rung_results if s.rung == 0 for n, v in s.values.items()}
    assert len(first) == 11
    so_far, records = float("-inf"), {BASELINE}
    for name, value in first.items():
        records |= {name} if value > so_far else set()
        so_far = max(so_far, value)
    assert set(state.results) == records
    assert set(state.record.stopped()) == set(first) - records
    again = run(wanted, 12, fake, state.record)
    assert (again.record, again.results) == (state.record, state.results)
