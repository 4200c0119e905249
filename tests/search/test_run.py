"""A search with a made-up objective: limits, repeats, determinism, going on after a kill."""

import json
import re
from pathlib import Path

import pytest

from tests.builders.search_runs import search_with_failures
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
from tests.damage import change_digit, flip
from workbench.config.overrides import apply_overrides
from workbench.config.presets import RECIPES
from workbench.errors import ConfigError, WorkbenchError
from workbench.models.complexity import count
from workbench.results import TrialState
from workbench.search.candidates import Rejected, amounts, build, cost_of
from workbench.search.objectives import parse_objectives
from workbench.search.ranking import front, ranked
from workbench.search.record import RetryStarted, SearchEvent, SearchRecord
from workbench.search.record_file import add_line, find_record, put_aside, start_record
from workbench.search.rungs import rung_steps
from workbench.search.state import BASELINE
from workbench.spaces.space import Fidelity, Limits, SpaceFile


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
@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "grid"])
@pytest.mark.parametrize("kill_at", [0, 1, 3, 5, 7, 11])
def test_killed_anywhere_it_goes_on_to_the_same_end(
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


def test_searches_that_are_put_aside_within_a_second_are_both_kept(tmp_path: Path) -> None:
    records = [SearchRecord(name="s", settings=settings(seed=seed)) for seed in (1, 2)]
    names = []
    for record in records:
        start_record(record, tmp_path)
        names.append(put_aside(tmp_path, "s"))
    kept = [find_record(tmp_path, name or "") for name in names]
    assert [record.settings.seed for record in kept] == [1, 2]
    assert [record.name for record in kept] == names
    assert put_aside(tmp_path, "s") is None


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "nsga3", "gp", "random"])
@pytest.mark.parametrize("objectives", [("psnr_rgb_db",), ("psnr_rgb_db", "parameters")])
def test_the_worse_share_of_the_candidates_is_stopped_at_the_rungs(
    sampler: str, objectives: tuple[str, ...]
) -> None:
    fake = Fake()
    wanted = settings(sampler=sampler, objectives=objectives, space=with_rungs())
    state = run(wanted, 13, fake)
    stopped = state.record.stopped()
    assert len(state.trained) == 13
    assert 4 <= len(stopped) <= 11
    assert BASELINE not in stopped
    assert set(state.results) == {p.name for p in state.trained} - set(stopped)
    assert set(fake.trained) == set(state.results)
    if len(objectives) == 1:
        for stage in state.record.rung_results:
            on = [stage.values[n][0] for n in stage.promoted if n != BASELINE]
            off = [v[0] for n, v in stage.values.items() if n not in stage.promoted]
            assert stage.rung == 2 or not on or not off or min(on) >= max(off)


def test_what_is_finished_already_is_still_compared_at_the_rungs() -> None:
    wanted = settings(space=with_rungs())
    fake = Fake()
    first = run(wanted, 9, fake)
    for proposal in first.trained:  # as if an ablation had trained them all before
        fake.one(proposal.name, first.config(proposal), 1, None)
    assert run(wanted, 9, fake).record == first.record


def test_rungs_are_validations_before_the_end() -> None:
    training = RECIPES["smoke"]  # 120 steps, validated every 40
    assert rung_steps(Fidelity(rungs=(0.1, 0.6)), training) == (40, 80)
    assert rung_steps(Fidelity(rungs=(0.1, 0.2, 0.3)), training) == (40, 80, None)
    assert rung_steps(Fidelity(rungs=(0.9,)), training) == (None,)
    with pytest.raises(ConfigError, match="rungs must increase"):
        Fidelity.parse({"rungs": [0.5, 0.25]})


def test_the_ranks_of_several_objectives() -> None:
    objectives = parse_objectives(["psnr_rgb_db", "parameters"], [])
    values = {
        "beaten": (1.0, 9.0),
        "small": (1.0, 2.0),
        "middle": (2.0, 4.0),
        "near": (2.1, 4.2),
        "good": (3.0, 8.0),
    }
    assert ranked(values, objectives) == ("small", "good", "near", "middle", "beaten")
    assert ranked({"a": (1.0,), "b": (2.0,), "c": (2.0,)}, objectives[:1]) == ("b", "c", "a")
    assert ranked({}, objectives) == ()


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
    assert not set(names[1:4]) & set(state.values(parse_objectives([], ["Set5"])))
    assert run(wanted, 9, fake, state.record).record == state.record


@pytest.mark.parametrize("rungs", [False, True])
@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_what_failed_by_no_fault_of_its_own_is_run_again_and_nothing_else(
    sampler: str, rungs: bool
) -> None:
    wanted = settings(space=with_rungs() if rungs else SPACE, sampler=sampler)
    record, fake, names = search_with_failures(wanted)
    fake.segments.clear()
    state = run(wanted, 9, fake, record, retry=True)
    assert state.record.failures() == {names[3]: "diverged: why"}
    assert {name for name, _ in fake.segments} == {names[1], names[2]}
    assert len(fake.segments) == len(set(fake.segments))
    assert state.record.proposals == record.proposals
    settled = {*state.values(parse_objectives([], ["Set5"])), *state.record.stopped()}
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
def test_killed_while_it_runs_failed_trials_again_it_ends_like_an_undisturbed_search(
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


def test_what_fails_once_more_is_on_record_and_can_be_run_again() -> None:
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
    best = {
        sampler: max(
            max(v[0] for v in run(settings(sampler=sampler, seed=s), 40, Fake()).values(
                parse_objectives([], ["Set5"])).values())
            for s in (0,)
        )
        for sampler in ("tpe", "random")
    }  # fmt: skip
    assert best["tpe"] >= best["random"]


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
        assert state.record.exhausted
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
    assert state.trained[2].name not in again.values(parse_objectives([], ["Set5"]))
    assert len(again.trained) == 8


def test_several_objectives_have_a_front() -> None:
    wanted = settings(objectives=("psnr_rgb_db", "parameters"), sampler="nsga2")
    state = run(wanted, 20, Fake())
    objectives = parse_objectives(wanted.objectives, ["Set5"])
    names = state.front(objectives)
    values = state.values(objectives)
    assert len(names) > 1
    for name in names:
        better = [v for v in values.values() if v[0] > values[name][0] and v[1] < values[name][1]]
        assert not better
    assert front({"a": (1.0, 5.0), "b": (1.0, 6.0), "c": (2.0, 9.0)}, objectives) == ("a", "c")


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["psnr"], "unknown objective 'psnr'; did you mean 'psnr_y_db'|did you mean 'psnr_rgb_db'"),
        (["Set15/ssim_rgb"], "did you mean 'Set5/ssim_rgb'"),
        (["parameters", "parameters"], "--objective parameters is given twice"),
    ],
)
def test_wrong_objectives_are_refused(texts: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_objectives(texts, ["Set5"])


def test_a_combination_that_cannot_be_built_is_rejected_with_the_reason() -> None:
    found = build(BASE, {"model.channels": -1}, Limits())
    assert isinstance(found, Rejected)
    assert "model.channels" in found.reason
    assert found.excess == {}
    for limits in (Limits(multiply_adds_g=0.01), Limits(activations_m=1.0), Limits(convolutions=3)):
        found = build(BASE, {}, limits)
        assert isinstance(found, Rejected)
        name = found.reason.split()[0]
        assert list(found.excess) == [name]
        most = limits.plain()[name]
        assert most * (1 + found.excess[name]) == pytest.approx(amounts(cost_of(BASE.model))[name])


def write_search(store: Path) -> Path:
    record = SearchRecord(name="s", settings=settings())
    start_record(record, store)
    run(settings(), 12, Fake(), keep=lambda line: add_line(line, store, "s"))
    return store / "searches" / "s.jsonl"


@pytest.mark.parametrize("at", [0.02, 0.3, 0.6, 0.95])
def test_a_damaged_record_is_refused_and_left_alone(tmp_path: Path, at: float) -> None:
    path = write_search(tmp_path)
    flip(path, at)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"s\.jsonl: damaged \(line \d+: its SHA-256 must be .*"):
        find_record(tmp_path, "s")
    assert path.read_bytes() == before


def test_a_digit_of_a_record_is_noticed(tmp_path: Path) -> None:
    path = write_search(tmp_path)
    change_digit(path, '"seed": ')
    with pytest.raises(ConfigError, match=r"damaged \(line 1: .*; restore it from a copy, or move"):
        find_record(tmp_path, "s")


def test_a_record_of_an_older_workbench_has_no_digests_and_is_read(tmp_path: Path) -> None:
    path = write_search(tmp_path)
    record = find_record(tmp_path, "s")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(line.pop("sha256") for line in lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert find_record(tmp_path, "s") == record


@pytest.mark.parametrize("number", ["NaN", "1e309", "-1.5"])
def test_an_impossible_number_of_a_record_is_refused(tmp_path: Path, number: str) -> None:
    path = write_search(tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        del line["sha256"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(re.sub(r'"latency_ms": null', f'"latency_ms": {number}', text, count=1))
    with pytest.raises(ConfigError, match=r"s\.jsonl: no search of this version; move it away"):
        find_record(tmp_path, "s")
