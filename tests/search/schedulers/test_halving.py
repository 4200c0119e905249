"""Synchronous successive halving."""

import pytest

from tests.builders.searches import (
    Failing,
    Fake,
    run,
    settings,
    with_rungs,
)
from workbench.config.presets import RECIPES
from workbench.errors import ConfigError
from workbench.search.audits import is_audited, weights
from workbench.search.objectives import parse_objectives
from workbench.search.rungs import promoted_count, rung_steps, select_survivors
from workbench.search.state import BASELINE
from workbench.spaces.space import Fidelity


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


def test_audited_candidates_are_never_stopped_and_are_marked_in_the_record() -> None:
    wanted = settings(sampler="random", space=with_rungs(), audit_share=0.3)
    state = run(wanted, 17, Fake())
    drawn = {p.name for p in state.trained if is_audited(wanted, p)} - {BASELINE}
    assert 2 <= len(drawn) <= 10
    assert drawn <= set(state.results)
    assert drawn.isdisjoint(state.record.stopped())
    marked = weights(state.record)
    assert set(marked) <= drawn  # the others are promoted for their values
    assert set(marked.values()) == {1 / 0.3}
    assert weights(run(settings(space=with_rungs()), 9, Fake()).record) == {}


@pytest.mark.parametrize(
    ("keep", "reached", "promoted"),
    [
        (0.33, 3, 1),
        (0.33, 30, 10),
        (0.33, 2, 0),
        (0.67, 3, 2),
        (0.5, 3, 1),
        (0.25, 8, 2),
        (0.29, 7, 2),
        (0.4, 100, 40),
        (0.36, 100, 36),
        (0.345, 1_000, 345),
    ],
)
def test_two_digits_stand_for_the_simple_fraction_that_they_round(
    keep: float, reached: int, promoted: int
) -> None:
    assert promoted_count(keep, reached) == promoted


def test_those_that_diverged_have_the_worst_rank() -> None:
    objectives = parse_objectives([], ["Set5"])
    here = {"a": (3.0,), "b": (2.0,), "c": (1.0,)}
    assert select_survivors(here, {}, objectives, 0.5) == ("a",)
    assert select_survivors(here, {}, objectives, 0.5, diverged=1) == ("a", "b")
    assert select_survivors(here, {"d": (9.0,)}, objectives, 0.5, diverged=2) == ("a", "b")


def test_a_search_compares_with_those_that_diverged_in_every_batch() -> None:
    names = [p.name for p in run(settings(space=with_rungs()), 5, Fake()).trained]
    fake = Failing(dict.fromkeys(names[1:3], "diverged"))
    record = run(settings(space=with_rungs()), 9, fake).record
    first, second = (
        [len(s.promoted) for s in record.rung_results if s.rung == 0 and s.batch == batch]
        for batch in (1, 2)
    )
    assert first == [2], "2 of 4, not 1 of the 2 that are left"
    assert second != [0]
