"""Population based training: parents, their offspring, and schedules as recipes."""

import random
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.builders.search_runs import POPULATION_SPACE, PSNR, RATE, of_population
from tests.builders.searches import Failing, Fake, KilledError, psnr_db, run, settings
from workbench.config.overrides import apply_overrides
from workbench.config.training import TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.reporting.search_page import search_page
from workbench.reporting.search_study import write_study
from workbench.reporting.search_texts import proposal_text
from workbench.search.analysis import analyse_search
from workbench.search.loop import run_loop
from workbench.search.population import perturb
from workbench.search.record import SearchEvent, SearchRecord
from workbench.search.record_file import add_line, find_record, start_record
from workbench.search.schedules import fork_schedule, perturbable
from workbench.search.state import BASELINE
from workbench.spaces.dimensions import Choice, Dimension, Floats, Integers
from workbench.spaces.space import SpaceFile
from workbench.training.schedule import learning_rate, steps_from


def rates(training: TrainingConfig) -> list[float]:
    return [learning_rate(step.config, step.local) for step in steps_from(training, 0)]


def test_stopped_members_are_replaced_by_offspring_of_the_best() -> None:
    state = run(of_population(), 10, Fake())
    assert len(state.trained) == 13  # the canonical one, 6 of the population, 3 at each rung
    proposals = {p.name: p for p in state.record.proposals}
    rung_steps = {0: 40, 1: 80}
    for stage in state.record.rung_results:
        if stage.rung not in rung_steps or BASELINE in stage.promoted:
            assert not stage.offspring
            continue
        assert len(stage.values) == 6
        assert len(stage.promoted) == len(stage.offspring) == 3
        for child in stage.offspring:
            parent = proposals[f"t{child.parent:04}"]
            assert parent.name in stage.promoted
            assert child.parent_steps == rung_steps[stage.rung]
            stages = state.config(child).training.stages
            assert sum(one.steps for one in stages) == 120
            assert sum(one.steps for one in stages[:-1]) == child.parent_steps
            assert state.config(child).training.ema_decay == parent.choices["training.ema_decay"]
            assert proposal_text(child).startswith(
                f"{parent.name} for {child.parent_steps} steps, then learning_rate="
            )
    assert set(state.results) == {p.name for p in state.trained} - set(state.record.stopped())
    assert any(p.parent is not None for p in state.trained if p.name in state.results)


def test_offspring_are_better_than_members_drawn_at_random() -> None:
    means: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(5):
        state = run(of_population(seed=seed), 10, Fake())
        for proposal in state.trained[1:]:
            means[proposal.parent is None].append(psnr_db(state.config(proposal)))
    assert fmean(means[False]) > fmean(means[True])


@pytest.mark.parametrize("kill_at", [0, 4, 9, 14, 20])
def test_a_search_killed_anywhere_is_resumed_to_the_same_end(kill_at: int, tmp_path: Path) -> None:
    wanted, undisturbed = of_population(batch=4), Fake()
    expected = run(wanted, 12, undisturbed)
    assert max(p.batch for p in expected.trained) == 2, "two populations"
    fake = Fake(kill_at)
    start_record(SearchRecord(name="s", settings=wanted), tmp_path)

    def keep(line: SearchEvent) -> None:
        add_line(line, tmp_path, "s")

    with pytest.raises(KilledError, match="killed"):
        run(wanted, 12, fake, keep=keep)
    fake.kill_at = None
    state = run(wanted, 12, fake, find_record(tmp_path, "s"), keep=keep)
    assert state.record == expected.record == find_record(tmp_path, "s")
    assert state.results == expected.results
    assert sorted(fake.segments, key=str) == sorted(undisturbed.segments, key=str)
    assert run(wanted, 12, Fake(), state.record).record == state.record


def test_there_are_no_more_trials_than_wanted() -> None:
    for trials, trained in ((5, 5), (7, 7), (8, 9), (9, 10), (10, 13)):
        state = run(of_population(), trials, Fake())
        assert len(state.trained) == trained
        steps = sum(120 - proposal.parent_steps for proposal in state.trained)
        assert trials - 1 < steps / 120 <= trials


def test_failed_members_are_replaced_too() -> None:
    names = [p.name for p in run(of_population(), 7, Fake()).trained]
    fake = Failing({names[1]: "diverged", names[2]: "lost"})
    state = run(of_population(keep=0.75), 10, fake)
    first = next(s for s in state.record.rung_results if s.rung == 0 and s.offspring)
    assert (len(first.values), len(first.promoted), len(first.offspring)) == (4, 3, 3)
    assert set(first.failures) == set(names[1:3])
    fake.how = {names[1]: "diverged"}
    again = run(of_population(keep=0.75), 10, fake, state.record, retry=True)
    assert again.record.proposals == state.record.proposals, "no place is taken twice"
    assert list(again.record.failures()) == [names[1]]
    assert names[2] in {*again.results, *again.record.stopped()}


def test_the_trainings_part_where_the_record_says() -> None:
    forked: list[TrialConfig] = []
    record = SearchRecord(name="s", settings=of_population())
    done = run_loop(record, 13, PSNR, Fake(), lambda _: None, forked.append)
    offspring = [p for p in done.trained if p.parent is not None]
    assert len({config.model_dump_json() for config in forked}) == len(offspring)
    for proposal in offspring:
        parent = next(p for p in done.trained if p.number == proposal.parent)
        first = done.config(parent).training
        second, steps = done.config(proposal).training, proposal.parent_steps
        assert rates(first)[:steps] == rates(second)[:steps]
        ahead = [s.config.loss for s in steps_from(first, 0)][:steps]
        assert ahead == [s.config.loss for s in steps_from(second, 0)][:steps]
        assert first.stages[0].loss == second.stages[0].loss


def test_the_rate_is_halved_where_it_would_have_been() -> None:
    base = settings().base.training  # 120 steps from 0.002, halved after 60, 84, 102, 114
    whole = apply_overrides(base, {"stages.0.learning_rate": 0.004})
    once = base.model_copy(update={"stages": fork_schedule(base, base, 40, {RATE: 0.004})})
    assert rates(once) == rates(base)[:40] + rates(whole)[40:]
    twice = base.model_copy(update={"stages": fork_schedule(base, once, 84, {RATE: 0.002})})
    assert rates(twice) == rates(once)[:84] + rates(base)[84:]
    other = base.model_copy(
        update={"stages": fork_schedule(base, once, 60, {"training.stages.0.loss": "l2"})}
    )
    assert rates(other) == rates(once)
    assert [stage.loss for stage in other.stages] == ["l1", "l1", "l2"]
    assert TrainingConfig.parse(twice.plain()) == twice


@pytest.mark.parametrize(
    ("dimension", "value", "near"),
    [
        (Floats(low=0.1, high=1.0), 0.5, {0.4, 0.6}),
        (Floats(low=0.45, high=0.55), 0.5, {0.45, 0.55}),
        (Floats(low=0.0, high=1.0, step=0.25), 0.5, {0.25, 0.75}),
        (Integers(low=2, high=8, step=2), 8, {6, 8}),
        (Choice(values=("l1", "charbonnier", "l2")), "l1", {"l1", "charbonnier"}),
    ],
)
def test_a_setting_is_perturbed_or_resampled(
    dimension: Dimension, value: Any, near: set[Any]
) -> None:
    found = [perturb(value, dimension, random.Random(seed)) for seed in range(400)]
    share = sum(one in near for one in found) / len(found)
    assert near <= set(found)
    assert share > 0.7  # three quarters, and resampled ones that happen to be near
    if isinstance(dimension, Floats):
        assert all(dimension.low <= one <= dimension.high for one in found)
        assert len(set(found)) > len(near)


def test_what_depends_on_something_does_not_change_on_the_way() -> None:
    loss = {"kind": "choice", "values": ["l1", "l2"]}
    batch = {"kind": "choice", "values": [2, 4], "when": {"training.stages.0.loss": ["l2"]}}
    plain = POPULATION_SPACE.plain()["dimensions"]
    dimensions = {**plain, "training.stages.0.loss": loss, "training.stages.0.batch_size": batch}
    space = SpaceFile.parse({**POPULATION_SPACE.plain(), "dimensions": dimensions})
    assert perturbable(space.dimensions) == (RATE,)
    assert perturbable(POPULATION_SPACE.dimensions) == (RATE, "training.stages.0.loss")


def test_the_views_say_whose_steps_a_schedule_begins_with(tmp_path: Path) -> None:
    import optuna

    state = run(of_population(batch=8), 17, Fake())
    page = search_page(analyse_search(state, PSNR))
    write_study(state, PSNR, tmp_path / "s.db")
    trials = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 's.db'}").trials
    for proposal, trial in zip(state.record.proposals, trials, strict=True):
        assert trial.user_attrs["workbench.what"] == proposal_text(proposal)
        assert proposal_text(proposal) in page
