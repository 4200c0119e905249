"""The search loop: limits, repeats, determinism, kills, failures."""

from pathlib import Path
from statistics import fmean

import pytest

from tests.builders.search_runs import PSNR, search_with_failures
from tests.builders.searches import (
    BASE,
    SPACE,
    Failing,
    Fake,
    KilledError,
    run,
    settings,
    with_rungs,
)
from workbench.config.overrides import apply_overrides
from workbench.errors import WorkbenchError
from workbench.models.complexity import count
from workbench.results import TrialState
from workbench.search.record import EXHAUSTED, RetryStarted, SearchEvent, SearchRecord
from workbench.search.record_file import add_line, find_record, start_record
from workbench.search.state import BASELINE
from workbench.spaces.space import SpaceFile


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "nsga3", "random"])
def test_limits_hold_and_the_canonical_network_is_trial_0(sampler: str) -> None:
    fake = Fake()
    state = run(settings(sampler=sampler), 14, fake)
    assert len(state.trained) == len(fake.trained) == len(set(fake.trained)) == 14
    assert state.trained[0].overrides == {}
    for proposal in state.record.proposals[1:]:
        if proposal.rejected and proposal.overrides:
            config = apply_overrides(BASE, proposal.overrides)
            assert count(config.model).cost.parameters > 9_000
            assert proposal.rejected.startswith("parameters ")
    costs = [state.results[p.name][0].cost.parameters for p in state.trained[1:]]
    assert max(costs) <= 9_000
    assert any(p.rejected for p in state.record.proposals)


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
def test_the_same_search_again_proposes_the_same(sampler: str) -> None:
    first, again = (run(settings(sampler=sampler), 13, Fake()).record for _ in range(2))
    assert first == again
    assert run(settings(sampler=sampler, seed=1), 13, Fake()).record != first


@pytest.mark.parametrize("rungs", [False, True])
@pytest.mark.parametrize("sampler", ["tpe", "grid"])
@pytest.mark.parametrize("kill_at", [0, 3, 7, 11])
def test_a_search_killed_anywhere_is_resumed_to_the_same_end(
    sampler: str, kill_at: int, rungs: bool, tmp_path: Path
) -> None:
    dimensions = {k: v for k, v in SPACE.dimensions.items() if k != "training.ema_decay"}
    space = SPACE.model_copy(update={"dimensions": dimensions})
    wanted = settings(sampler=sampler, space=with_rungs(space) if rungs else space)
    undisturbed, whole = Fake(), SearchRecord(name="s", settings=wanted)
    expected = run(wanted, 12, undisturbed)
    fake = Fake(kill_at)
    start_record(whole, tmp_path)
    with pytest.raises(KilledError, match="killed"):
        run(wanted, 12, fake, keep=lambda line: add_line(line, tmp_path, "s"))
    with (tmp_path / "searches" / "s.jsonl").open("ab") as file:
        file.write(b'{"kind": "batch", "propo')  # half a line
    fake.kill_at = None
    left = find_record(tmp_path, "s")
    state = run(wanted, 12, fake, left, keep=lambda line: add_line(line, tmp_path, "s"))
    assert state.record == expected.record == find_record(tmp_path, "s")
    assert state.results == expected.results
    assert sorted(fake.segments, key=str) == sorted(undisturbed.segments, key=str)
    assert len(fake.segments) == len(set(fake.segments))
    assert len(state.trained) == 12
    again = run(wanted, 12, fake, state.record)
    assert again.record == state.record
    assert len(fake.segments) == len(undisturbed.segments)


@pytest.mark.parametrize("sampler", ["nsga2", "nsga3"])
def test_a_killed_search_keeps_its_generations(sampler: str) -> None:
    wanted = settings(sampler=sampler, objectives=("psnr_rgb_db", "parameters"))
    expected = run(wanted, 37, Fake()).record  # more than two generations of 16
    left = run(wanted, 29, Fake()).record
    assert run(wanted, 37, Fake(), left).record == expected


@pytest.mark.parametrize("rungs", [False, True])
def test_trials_that_fail_do_not_stop_a_search(rungs: bool) -> None:
    wanted = settings(space=with_rungs() if rungs else SPACE)
    names = [p.name for p in run(wanted, 5, Fake()).trained]
    fake = Failing({names[1]: "lost", names[2]: "out of memory", names[3]: "diverged"})
    state = run(wanted, 9, fake)
    assert state.record.failures() == {
        names[1]: "failed: its worker process died 2 times",
        names[2]: "out of memory: why",
        names[3]: "diverged: why",
    }
    assert len(state.trained) == 9
    assert not set(names[1:4]) & set(state.values(PSNR))
    assert run(wanted, 9, fake, state.record).record == state.record


@pytest.mark.parametrize("rungs", [False, True])
@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_retry_runs_trials_that_crashed_and_nothing_else(sampler: str, rungs: bool) -> None:
    wanted = settings(space=with_rungs() if rungs else SPACE, sampler=sampler)
    record, fake, names = search_with_failures(wanted)
    fake.segments.clear()
    state = run(wanted, 9, fake, record, retry=True)
    assert state.record.failures() == {names[3]: "diverged: why"}
    assert {name for name, _ in fake.segments} == {names[1], names[2]}
    assert len(fake.segments) == len(set(fake.segments))
    assert state.record.proposals == record.proposals
    settled = {*state.values(PSNR), *state.record.stopped()}
    assert {names[1], names[2]} <= settled
    fake.segments.clear()
    assert run(wanted, 9, fake, state.record).record == state.record
    assert run(wanted, 9, fake, state.record, retry=True).record == state.record
    assert not fake.segments
    longer = run(wanted, 13, fake, state.record)
    assert len(longer.trained) == 13
    assert longer.record.events[: len(state.record.events)] == state.record.events


@pytest.mark.parametrize("rungs", [False, True])
@pytest.mark.parametrize("kill_at", [0, 1, 3, 5])
@pytest.mark.parametrize("again", [False, True], ids=["without --retry", "with --retry"])
def test_a_retry_killed_anywhere_ends_like_an_undisturbed_one(
    kill_at: int, rungs: bool, again: bool, tmp_path: Path
) -> None:
    wanted = settings(space=with_rungs() if rungs else SPACE)
    record, undisturbed, _ = search_with_failures(wanted)
    expected = run(wanted, 13, undisturbed, record, retry=True)
    record, fake, _ = search_with_failures(wanted)
    fake.kill_at = len(fake.segments) + kill_at
    start_record(record, tmp_path)
    with pytest.raises(KilledError, match="killed"):
        run(wanted, 13, fake, record, lambda line: add_line(line, tmp_path, "s"), retry=True)
    fake.kill_at = None
    left = find_record(tmp_path, "s")
    state = run(wanted, 13, fake, left, lambda line: add_line(line, tmp_path, "s"), retry=again)
    assert state.record == expected.record == find_record(tmp_path, "s")
    assert state.results == expected.results
    assert sorted(fake.segments, key=str) == sorted(undisturbed.segments, key=str)


def test_a_trial_that_fails_again_can_be_retried_again() -> None:
    wanted = settings()
    record, fake, names = search_with_failures(wanted)
    fake.how |= dict.fromkeys(names[1:3], "lost")
    state = run(wanted, 9, fake, record, retry=True)
    lost = "failed: its worker process died 2 times"
    assert state.record.failures() == {**dict.fromkeys(names[1:3], lost), names[3]: "diverged: why"}
    fake.how = {}
    fake.forget(names[1:3])
    last = run(wanted, 9, fake, state.record, retry=True)
    assert list(last.record.failures()) == [names[3]]
    assert sum(isinstance(line, RetryStarted) for line in last.record.events) == 2


def test_a_batch_that_fails_as_a_whole_is_run_again_by_the_same_command() -> None:
    wanted, kept = settings(), list[SearchEvent]()
    names = [p.name for p in run(wanted, 5, Fake()).trained]
    fake = Failing(dict.fromkeys(names[1:], "lost"))
    with pytest.raises(WorkbenchError, match=r"every trial of this batch failed: its worker"):
        run(wanted, 9, fake, keep=kept.append)
    fake.how = {}
    left = SearchRecord(name="s", settings=wanted).with_events(kept)
    assert run(wanted, 9, fake, left).record == run(wanted, 9, Fake()).record
    with pytest.raises(WorkbenchError, match=r"the canonical network failed: its worker"):
        run(wanted, 9, Failing({BASELINE: "lost"}))


def test_a_search_can_be_made_longer() -> None:
    fake = Fake()
    short = run(settings(), 5, fake)
    longer = run(settings(), 9, fake, short.record)
    assert longer.record.proposals[: len(short.record.proposals)] == short.record.proposals
    assert len(fake.trained) == 9


def test_a_sampler_finds_more_than_chance() -> None:
    def best(sampler: str) -> float:
        searches = (run(settings(sampler=sampler, seed=seed), 30, Fake()) for seed in (0, 1))
        return fmean(max(v[0] for v in s.values(PSNR).values()) for s in searches)

    assert best("tpe") > best("random")


def test_equal_networks_are_one_trial_and_a_small_space_ends() -> None:
    small = SpaceFile.parse(
        {
            "question": "Why?",
            "base": "tiny",
            "dimensions": {
                "model.channels": {"kind": "choice", "values": [8, 12]},
                "model.activation": {"kind": "choice", "values": ["gelu", "relu"]},
            },
        }
    )
    for sampler in ("tpe", "grid", "random"):
        fake = Fake()
        state = run(settings(space=small, sampler=sampler), 50, fake)
        assert state.record.end == EXHAUSTED
        again = run(settings(space=small, sampler=sampler), 50, Fake(), state.record)
        assert again.record == state.record, "the same command looks no further"
        assert len(state.trained) == 4  # one of the four is the canonical network itself
        assert sum(p.same_as == 0 for p in state.record.proposals) >= 1


def test_a_network_without_a_score_is_no_bad_score() -> None:
    fake = Fake()
    state = run(settings(), 5, fake)
    broken = {
        key: result.model_copy(update={"state": TrialState.DIVERGED, "scores": ()})
        for key, result in fake.ledger.items()
        if result.key == state.trained[2].name
    }
    fake.ledger |= broken
    again = run(settings(), 8, fake, state.record)
    assert state.trained[2].name not in again.values(PSNR)
    assert len(again.trained) == 8
