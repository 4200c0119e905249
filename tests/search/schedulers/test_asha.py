"""ASHA, with a made-up objective and every order of arrival."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.builders.search_runs import (
    Arrivals,
    asynchronous_search_with_failures,
    asynchronous_settings,
    run_asynchronously,
)
from tests.builders.searches import BASE, SPACE, Fake, KilledError, run, settings, with_rungs
from workbench.errors import WorkbenchError
from workbench.execution.plan import Arm
from workbench.execution.stream import ArmEnded
from workbench.results import TrialState
from workbench.search.audits import is_audited, weights
from workbench.search.loop import run_loop
from workbench.search.objectives import parse_objectives
from workbench.search.proposals import candidate_name
from workbench.search.ranking import ranked
from workbench.search.record import EXHAUSTED, Promoted, RetryStarted, SearchEvent, SearchRecord
from workbench.search.record_file import find_record, start_record
from workbench.search.rungs import rung_steps
from workbench.search.state import BASELINE, SearchState
from workbench.spaces.shuffled import combination_key

ORDERS = ["first come", "last come", "at random"]


def overdue_promotions(state: SearchState) -> set[tuple[str, int]]:
    """Return (name, rung) of candidates of the best half of a rung that were not promoted."""
    record = state.record
    found = set()
    objectives = parse_objectives(record.settings.objectives, ["Set5"])
    promoted = {
        (candidate_name(p.number), p.rung) for p in record.events if isinstance(p, Promoted)
    }
    for rung in range(2):
        values = {n: v for s in record.rung_results if s.rung == rung for n, v in s.values.items()}
        best = ranked(values, objectives)[: len(values) // 2]
        found |= {(name, rung) for name in best} - promoted
    return found


@pytest.mark.parametrize("order", ["last come", "at random"])
@pytest.mark.parametrize("objectives", [("psnr_rgb_db",), ("psnr_rgb_db", "parameters")])
@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_the_best_half_of_a_rung_is_promoted_in_every_order_of_arrival(
    sampler: str, objectives: tuple[str, ...], order: str
) -> None:
    fake = Fake()
    arrivals = Arrivals(fake, order)
    state = run_asynchronously(
        asynchronous_settings(sampler=sampler, objectives=objectives), 17, arrivals
    )
    assert arrivals.most == 4
    assert len(state.trained) == 17
    assert len(fake.segments) == len(set(fake.segments))
    assert not overdue_promotions(state)
    ended, stopped = set(state.results), set(state.record.stopped())
    assert ended | stopped == {p.name for p in state.trained}
    assert not ended & stopped
    assert BASELINE in ended
    assert 3 <= len(ended) < 12
    for proposal in state.trained:
        steps = [until for name, until in fake.segments if name == proposal.name]
        ladder = [*rung_steps(state.record.settings.space.fidelity, BASE.training), None]
        assert steps == ([None] if proposal.name == BASELINE else ladder[: len(steps)])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kill_at", [1, 5, 13])
def test_a_search_killed_anywhere_is_resumed_and_trains_nothing_twice(
    order: str, kill_at: int, tmp_path: Path
) -> None:
    requested, fake = asynchronous_settings(), Fake(kill_at)
    start_record(SearchRecord(name="s", settings=requested), tmp_path)
    with pytest.raises(KilledError, match="killed"):
        run_asynchronously(requested, 15, Arrivals(fake, order), store=tmp_path)
    fake.kill_at = None
    state = run_asynchronously(
        requested, 15, Arrivals(fake, order), find_record(tmp_path, "s"), tmp_path
    )
    assert len(state.trained) == 15
    assert len(fake.segments) == len(set(fake.segments))
    assert not overdue_promotions(state)
    assert find_record(tmp_path, "s") == state.record
    again = run_asynchronously(requested, 15, Arrivals(fake, order), state.record)
    assert again.record == state.record
    assert again.results == state.results
    assert len(fake.segments) == len(set(fake.segments))


@pytest.mark.parametrize("kill_at", [1, 4, 9])
def test_one_at_a_time_a_killed_search_ends_like_an_undisturbed_one(
    kill_at: int, tmp_path: Path
) -> None:
    requested = asynchronous_settings(batch=1)
    expected = run_asynchronously(requested, 10, Arrivals(Fake(), "first come"))
    fake = Fake(kill_at)
    start_record(SearchRecord(name="s", settings=requested), tmp_path)
    with pytest.raises(KilledError, match="killed"):
        run_asynchronously(requested, 10, Arrivals(fake, "first come"), store=tmp_path)
    fake.kill_at = None
    left = find_record(tmp_path, "s")
    state = run_asynchronously(requested, 10, Arrivals(fake, "first come"), left, tmp_path)
    assert state.record == expected.record
    assert state.results == expected.results


def test_a_grid_proposes_every_combination_once(tmp_path: Path) -> None:
    dimensions = {k: v for k, v in SPACE.dimensions.items() if k != "training.ema_decay"}
    grid = SPACE.model_copy(update={"dimensions": dimensions})
    requested = asynchronous_settings(space=with_rungs(grid), sampler="grid")
    fake = Fake(12)
    start_record(SearchRecord(name="s", settings=requested), tmp_path)
    with pytest.raises(KilledError, match="killed"):
        run_asynchronously(requested, 100, Arrivals(fake, "at random"), store=tmp_path)
    fake.kill_at = None
    left = find_record(tmp_path, "s")
    state = run_asynchronously(requested, 100, Arrivals(fake, "at random"), left, tmp_path)
    assert state.record.end == EXHAUSTED
    proposed = [p.overrides for p in state.record.proposals[1:]]
    assert proposed != list(grid.combinations())
    assert sorted(map(combination_key, proposed)) == sorted(
        map(combination_key, grid.combinations())
    )


def test_without_rungs_every_candidate_trains_to_its_end_and_results_are_in_order() -> None:
    state = run_asynchronously(asynchronous_settings(space=SPACE), 9, Arrivals(Fake(), "at random"))
    assert list(state.results) == [p.name for p in state.trained]
    assert not state.record.stopped()


def test_a_search_can_be_made_longer_and_the_best_of_few_trains_to_its_end() -> None:
    fake = Fake()
    few = run_asynchronously(asynchronous_settings(), 2, Arrivals(fake, "first come"))
    assert set(few.results) == {BASELINE, few.trained[1].name}
    more = run_asynchronously(asynchronous_settings(), 9, Arrivals(fake, "first come"), few.record)
    assert len(more.trained) == 9
    assert len(fake.segments) == len(set(fake.segments))


def test_it_finds_what_a_search_in_batches_finds() -> None:
    best = [
        max(state.values(parse_objectives([], ["Set5"])).values())
        for state in (
            run_asynchronously(asynchronous_settings(), 40, Arrivals(Fake(), "at random")),
            run(settings(space=with_rungs()), 40, Fake()),
        )
    ]
    assert best[0][0] == pytest.approx(best[1][0], abs=0.15)


def test_what_fails_is_a_line_of_the_record_once_something_has_worked() -> None:
    arrivals = Arrivals(Fake(), "first come")
    names = [
        p.name
        for p in run_asynchronously(
            asynchronous_settings(), 6, Arrivals(Fake(), "first come")
        ).trained
    ]
    arrivals.failing = {names[2]: "its worker died", names[4]: "lost"}
    state = run_asynchronously(asynchronous_settings(), 6, arrivals)
    assert dict(state.record.failures()) == {
        names[2]: "failed: its worker died",
        names[4]: "failed: lost",
    }
    diverged = Diverging(Fake(), "first come")
    assert "diverged: " in next(
        iter(run_asynchronously(asynchronous_settings(), 6, diverged).record.failures().values())
    )


@pytest.mark.parametrize("order", ORDERS)
def test_retry_runs_trials_that_crashed_towards_the_same_rung(order: str) -> None:
    fake = Fake()
    record, failed = asynchronous_search_with_failures(fake)
    before = len(fake.segments)
    state = run_asynchronously(
        asynchronous_settings(), 6, Arrivals(fake, order), record, retry=True
    )
    assert not state.record.failures()
    assert {*state.results, *state.record.stopped()} == {p.name for p in state.trained}
    assert {name for name, _ in fake.segments[before:]} >= set(failed)
    assert len(fake.segments) == len(set(fake.segments))
    assert not overdue_promotions(state)
    again = run_asynchronously(
        asynchronous_settings(), 6, Arrivals(fake, order), state.record, retry=True
    )
    assert again.record == state.record
    assert (
        len(
            run_asynchronously(
                asynchronous_settings(), 9, Arrivals(fake, order), state.record
            ).trained
        )
        == 9
    )


@pytest.mark.parametrize("kill_at", [0, 1, 3])
def test_a_retry_that_is_killed_is_not_retried_twice(kill_at: int, tmp_path: Path) -> None:
    fake = Fake()
    record, _ = asynchronous_search_with_failures(fake)
    start_record(record, tmp_path)
    fake.kill_at = len(fake.segments) + kill_at
    with pytest.raises(KilledError, match="killed"):
        run_asynchronously(
            asynchronous_settings(), 9, Arrivals(fake, "at random"), record, tmp_path, retry=True
        )
    fake.kill_at = None
    left = find_record(tmp_path, "s")
    state = run_asynchronously(
        asynchronous_settings(), 9, Arrivals(fake, "at random"), left, tmp_path, retry=True
    )
    assert sum(isinstance(line, RetryStarted) for line in state.record.events) == 1
    assert not state.record.failures()
    assert len(fake.segments) == len(set(fake.segments))
    assert find_record(tmp_path, "s") == state.record


def test_what_fails_once_more_is_a_line_of_the_record_also_if_nothing_else_runs() -> None:
    fake = Fake()
    record, failed = asynchronous_search_with_failures(fake)
    arrivals = Arrivals(fake, "first come")
    arrivals.failing = dict.fromkeys(failed, "no disk")
    state = run_asynchronously(asynchronous_settings(), 6, arrivals, record, retry=True)
    assert dict(state.record.failures()) == dict.fromkeys(failed, "failed: no disk")


class Diverging(Arrivals):
    def ended(self, one: Arm) -> ArmEnded:
        found = super().ended(one)
        if one.name == BASELINE:
            return found
        bad = {"state": TrialState.DIVERGED, "reason": "the loss was nan", "scores": ()}
        return ArmEnded(found.name, [result.model_copy(update=bad) for result in found.results])


def test_a_single_one_that_fails_is_a_line_of_the_record_too() -> None:
    fake = Fake()
    names = [
        p.name
        for p in run_asynchronously(
            asynchronous_settings(batch=1), 5, Arrivals(Fake(), "first come")
        ).trained
    ]
    left = run_asynchronously(
        asynchronous_settings(batch=1), 4, Arrivals(fake, "first come")
    ).record
    arrivals = Arrivals(fake, "first come")
    arrivals.failing = {names[4]: "lost"}
    assert dict(
        run_asynchronously(asynchronous_settings(batch=1), 5, arrivals, left).record.failures()
    ) == {names[4]: "failed: lost"}


def failing(names: Iterable[str], reason: str) -> Arrivals:
    arrivals = Arrivals(Fake(), "last come")
    arrivals.failing = dict.fromkeys(names, reason)
    return arrivals


@pytest.mark.parametrize(
    ("trained", "first", "reason"),
    [
        (0, 0, "the canonical network failed: no disk"),
        (1, 1, "every trial that was under way failed: no disk"),
    ],
)
def test_if_everything_fails_at_first_nothing_is_on_record_and_it_is_run_again(
    trained: int, first: int, reason: str
) -> None:
    requested, fake = asynchronous_settings(), Fake()
    lines: list[SearchEvent] = []
    record = SearchRecord(name="s", settings=requested)
    if trained:
        record = run_asynchronously(requested, trained, Arrivals(fake, "first come")).record
    broken = failing([candidate_name(number) for number in range(first, 30)], "no disk")
    objectives = parse_objectives(requested.objectives, ["Set5"])
    with pytest.raises(WorkbenchError, match=reason):
        run_loop(record, 6, objectives, broken, lines.append)
    left = record.with_events(lines)
    assert left.rung_results == record.rung_results
    state = run_asynchronously(requested, 6, Arrivals(fake, "first come"), left)
    assert len(state.trained) == 6
    assert not state.record.failures()


@pytest.mark.parametrize("order", ["last come", "at random"])
def test_audited_candidates_are_never_stopped_in_any_order_of_arrival(order: str) -> None:
    wanted = asynchronous_settings(sampler="random", audit_share=0.3)
    state = run_asynchronously(wanted, 17, Arrivals(Fake(), order))
    drawn = {p.name for p in state.trained if is_audited(wanted, p)} - {BASELINE}
    assert 2 <= len(drawn) <= 10
    assert drawn <= set(state.results)
    assert set(weights(state.record)) <= drawn
    assert not overdue_promotions(state)
