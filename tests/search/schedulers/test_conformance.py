"""What the search loop relies on, for every scheduler."""

from collections.abc import Mapping

import pytest

from tests.builders.search_runs import Arrivals, asynchronous_settings, of_population
from tests.builders.searches import Failing, Fake, KilledError, settings, with_rungs
from workbench.search import loop
from workbench.search.loop import run_loop
from workbench.search.objectives import parse_objectives
from workbench.search.record import Promoted, RungResult, SearchEvent, SearchRecord, Settings
from workbench.search.schedulers.choosing import SCHEDULERS, make_scheduler, scheduler_name
from workbench.search.schedulers.scheduler import Arrival, Scheduler, SearchContext
from workbench.search.state import BASELINE, SearchState

TWO = ("psnr_rgb_db", "parameters")
TRIALS = 13
SETTINGS = {
    "halving": settings(space=with_rungs(), sampler="random"),
    "asha": asynchronous_settings(sampler="random"),
    "pbt": of_population(batch=4),
}
OBJECTIVES = pytest.mark.parametrize("objectives", [("psnr_rgb_db",), TWO], ids=["one", "two"])
EVERY = pytest.mark.parametrize("name", SCHEDULERS)


class Checked(Scheduler):
    """Passes calls on to a scheduler, and checks what the interface promises."""

    def __init__(self, context: SearchContext) -> None:
        super().__init__(context)
        self.inner = make_scheduler(context)
        self.arrived: set[tuple[str, int]] = set()
        self.applied: list[SearchEvent] = []
        self.settled: set[str] = set()

    @property
    def targets(self) -> Mapping[str, int]:
        found = self.inner.targets
        trained = {proposal.name for proposal in self.context.state.trained}
        assert set(found) <= trained
        assert all(0 <= rung <= self.context.end for rung in found.values())
        assert found.get(BASELINE, self.context.end) == self.context.end
        return found

    def apply(self, event: SearchEvent) -> None:
        self.inner.apply(event)
        self.applied.append(event)
        if isinstance(event, RungResult):
            self.settled |= {*event.values, *event.failures}
        again = make_scheduler(self.context)
        for one in self.applied:
            again.apply(one)
        # What has arrived and is in no event yet is all that a kill loses.
        assert self.targets.items() <= again.targets.items()
        lost = set(again.targets) - set(self.targets)
        assert lost <= {name for name, _ in self.arrived}

    def add_arrival(self, arrival: Arrival) -> None:
        self.inner.add_arrival(arrival)
        assert arrival.name not in self.targets
        self.arrived.add((arrival.name, arrival.rung))

    def next_event(self, *, more_candidates: bool) -> SearchEvent | None:
        before = dict(self.targets)
        found = self.inner.next_event(more_candidates=more_candidates)
        again = self.inner.next_event(more_candidates=more_candidates)
        assert found == again, "asking changes nothing"
        assert self.targets == before
        if isinstance(found, RungResult):
            settled = {*found.values, *found.failures}
            assert {(name, found.rung) for name in settled} <= self.arrived
            assert not set(found.values) & set(found.failures)
            trained = {proposal.name for proposal in self.context.state.trained}
            assert set(found.promoted) <= trained - set(found.failures)
        else:
            assert found is None or isinstance(found, Promoted)
        return found

    def wants(self) -> int:
        found = self.inner.wants()
        assert 0 <= found <= self.context.state.record.settings.batch
        return found

    def can_retry(self) -> bool:
        return self.inner.can_retry()


def of(name: str, objectives: tuple[str, ...]) -> Settings:
    wanted = SETTINGS[name].model_copy(update={"objectives": objectives})
    assert scheduler_name(wanted) == name
    return wanted


def run(wanted: Settings, runner: Arrivals, record: SearchRecord | None = None) -> SearchState:
    objectives = parse_objectives(wanted.objectives, ["Set5"])
    start = record or SearchRecord(name="s", settings=wanted)
    return run_loop(start, TRIALS, objectives, runner, lambda _: None)


def trained_wholly(state: SearchState) -> bool:
    """Whether as many whole trainings were done as wanted; offspring train a part of one only."""
    total = state.record.settings.base.training.total_steps()
    done = sum(1 - proposal.parent_steps / total for proposal in state.trained)
    return TRIALS - 1 < done < TRIALS + 1e-9


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "make_scheduler", Checked)


@EVERY
@OBJECTIVES
@pytest.mark.parametrize("order", ["first come", "last come", "at random"])
def test_each_call_keeps_what_the_interface_promises(
    name: str, objectives: tuple[str, ...], order: str
) -> None:
    fake = Fake()
    state = run(of(name, objectives), Arrivals(fake, order))
    assert trained_wholly(state)
    assert set(state.results) | set(state.record.stopped()) == {p.name for p in state.trained}
    assert len(fake.segments) == len(set(fake.segments)), "nothing is trained twice"
    again = run(of(name, objectives), Arrivals(fake, order), state.record)
    assert again.record == state.record, "a search that has ended is at its end"
    assert again.results == state.results


@EVERY
def test_trials_that_fail_are_settled_and_nothing_waits_for_them(name: str) -> None:
    wanted = of(name, ("psnr_rgb_db",))
    names = [p.name for p in run(wanted, Arrivals(Fake(), "first come")).trained]
    failing = Failing({names[1]: "diverged", names[2]: "lost", names[3]: "out of memory"})
    state = run(wanted, Arrivals(failing, "at random"))
    assert set(state.record.failures()) == set(names[1:4])
    assert trained_wholly(state)


@EVERY
@pytest.mark.parametrize("kill_at", [0, 2, 5, 9, 12])
def test_a_killed_search_is_resumed_from_its_events(name: str, kill_at: int) -> None:
    wanted = of(name, ("psnr_rgb_db",))
    fake, events = Fake(kill_at), list[SearchEvent]()
    objectives = parse_objectives(wanted.objectives, ["Set5"])
    start = SearchRecord(name="s", settings=wanted)
    with pytest.raises(KilledError, match="killed"):
        run_loop(start, TRIALS, objectives, Arrivals(fake, "first come"), events.append)
    fake.kill_at = None
    state = run(wanted, Arrivals(fake, "first come"), start.with_events(events))
    assert state.record.events[: len(events)] == tuple(events)
    assert trained_wholly(state)
    assert len(fake.segments) == len(set(fake.segments))
