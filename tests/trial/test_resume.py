"""A training begins with the steps that another one has done, and ends as if it were alone."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.results import TrialResult, TrialState
from workbench.search.forking import fork_checkpoints
from workbench.search.schedules import fork_schedule
from workbench.store.keys import TrialKey, trial_key
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

PART = 6


@pytest.fixture
def child(tiny_trial: TrialConfig) -> TrialConfig:
    """Return a training that is the tiny one's for half of its steps."""
    stages = fork_schedule(
        tiny_trial.training, tiny_trial.training, PART, {"training.stages.0.loss": "l2"}
    )
    return apply_overrides(tiny_trial, {"training.stages": [stage.plain() for stage in stages]})


@pytest.fixture
def longer(tiny_trial: TrialConfig) -> TrialConfig:
    return apply_overrides(tiny_trial, {"training.stages.0.steps": 20})


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[[TrialConfig], Path]:
    """Return a function that says where a training's checkpoint is."""

    def place(config: TrialConfig) -> Path:
        return Store(tmp_path).checkpoint(key_of(config, tmp_path).training)

    return place


def key_of(config: TrialConfig, store: Path) -> TrialKey:
    return trial_key(config, open_images(config, Ledger(store)).hashes())


def run(config: TrialConfig, store: Path) -> tuple[TrialResult, int]:
    """Return the result and the first step that was done here."""
    steps: list[int] = []
    result = run_trial(config, store=store, progress=lambda done, *_: steps.append(done))
    return result, min(steps)


def assert_alone(config: TrialConfig, result: TrialResult, store: Path) -> None:
    """See that a training of its own has the same weights and the same curve."""
    alone = run_trial(config, store=store / "alone")
    assert alone.weights_hash == result.weights_hash
    assert alone.scores == result.scores
    assert [(p.step, p.loss, p.score) for p in alone.curve] == [
        (p.step, p.loss, p.score) for p in result.curve
    ]


def test_a_longer_budget_resumes_from_the_shorter_one(
    tiny_trial: TrialConfig, longer: TrialConfig, tmp_path: Path
) -> None:
    short = run_trial(tiny_trial, store=tmp_path)
    result, first = run(longer, tmp_path)
    assert first == 13
    assert result.sessions == short.sessions + 1
    assert result.training_s > short.training_s
    assert_alone(longer, result, tmp_path)
    assert run_trial(tiny_trial, store=tmp_path) == short


def test_a_recipe_of_two_stages_resumes_from_one_that_ends_after_the_first(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    stages = [tiny_trial.training.stages[0].plain()]
    both = [*stages, {**stages[0], "loss": "l2", "learning_rate": 5e-4, "milestones": []}]
    two = apply_overrides(tiny_trial, {"training.stages": both})
    run_trial(tiny_trial, store=tmp_path)
    result, first = run(two, tmp_path)
    assert first == 13
    assert_alone(two, result, tmp_path)


def test_the_one_that_is_furthest_is_taken(
    tiny_trial: TrialConfig, longer: TrialConfig, tmp_path: Path
) -> None:
    run_trial(tiny_trial, store=tmp_path)
    stopped = run_trial(longer, store=tmp_path, until=18)
    assert (stopped.state, stopped.steps) == (TrialState.PRUNED, 18)
    longest = apply_overrides(longer, {"training.stages.0.steps": 24})
    result, first = run(longest, tmp_path)
    assert first == 19
    assert_alone(longest, result, tmp_path)


def test_a_damaged_note_of_another_training_costs_time_only(
    tiny_trial: TrialConfig, longer: TrialConfig, tmp_path: Path
) -> None:
    run_trial(tiny_trial, store=tmp_path)
    (note,) = tmp_path.glob("courses/*/*.json")
    note.write_bytes(note.read_bytes()[:20])
    assert run(longer, tmp_path)[1] == 1


def test_one_that_ended_between_two_validations_is_not_taken(
    tiny_trial: TrialConfig, longer: TrialConfig, tmp_path: Path
) -> None:
    run_trial(apply_overrides(tiny_trial, {"training.stages.0.steps": 11}), store=tmp_path)
    assert run(longer, tmp_path)[1] == 1


def test_early_it_has_the_steps_of_one_that_then_moves_on(
    tiny_trial: TrialConfig,
    child: TrialConfig,
    checkpoint: Callable[[TrialConfig], Path],
    tmp_path: Path,
) -> None:
    begin = partial(fork_checkpoints, child, seeds=(tiny_trial.seed,), store=tmp_path)
    run_trial(tiny_trial, store=tmp_path, until=PART)
    begin()
    given = checkpoint(child).read_bytes()
    assert given == checkpoint(tiny_trial).read_bytes()
    run_trial(tiny_trial, store=tmp_path)
    begin()  # the other one is further by now, and this one has its own
    assert checkpoint(child).read_bytes() == given
    result, first = run(child, tmp_path)
    assert first == PART + 1
    assert_alone(child, result, tmp_path)
    assert result.weights_hash != run_trial(tiny_trial, store=tmp_path).weights_hash


@pytest.mark.parametrize("state", ["further", "broken", "absent"])
def test_a_checkpoint_of_another_step_is_not_taken(
    tiny_trial: TrialConfig,
    child: TrialConfig,
    checkpoint: Callable[[TrialConfig], Path],
    tmp_path: Path,
    state: str,
) -> None:
    if state != "absent":
        run_trial(tiny_trial, store=tmp_path)
    if state == "broken":
        checkpoint(tiny_trial).write_bytes(b"PK half a file")
    assert not checkpoint(child).exists()  # this packs the images
    fork_checkpoints(child, seeds=(tiny_trial.seed,), store=tmp_path)
    assert not checkpoint(child).exists()


def test_what_is_finished_is_left_alone(
    tiny_trial: TrialConfig,
    child: TrialConfig,
    checkpoint: Callable[[TrialConfig], Path],
    tmp_path: Path,
) -> None:
    run_trial(child, store=tmp_path)
    run_trial(tiny_trial, store=tmp_path, until=PART)
    checkpoint(child).unlink()
    fork_checkpoints(child, seeds=(tiny_trial.seed,), store=tmp_path)
    assert not checkpoint(child).exists()
