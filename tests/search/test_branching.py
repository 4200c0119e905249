"""A training begins with another one's checkpoint, if it is of the step at which they part."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.keys import trial_key
from workbench.ledger import CHECKPOINT, Ledger
from workbench.search.branching import branch
from workbench.search.schedules import changed_at
from workbench.trial import run_trial
from workbench.trial_images import open_images

PART = 6


@pytest.fixture
def child(tiny_trial: TrialConfig) -> TrialConfig:
    """Return a training that is the tiny one's for half of its steps."""
    stages = changed_at(
        tiny_trial.training, tiny_trial.training, PART, {"training.stages.0.loss": "l2"}
    )
    return apply_overrides(tiny_trial, {"training.stages": [stage.plain() for stage in stages]})


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[[TrialConfig], Path]:
    """Return a function that says where a training's checkpoint is."""

    def place(config: TrialConfig) -> Path:
        ledger = Ledger(tmp_path)
        key = trial_key(config, open_images(config, ledger).hashes())
        return ledger.training_folder(key) / CHECKPOINT

    return place


def test_it_has_the_steps_before_and_ends_like_one_that_was_trained_alone(
    tiny_trial: TrialConfig,
    child: TrialConfig,
    checkpoint: Callable[[TrialConfig], Path],
    tmp_path: Path,
) -> None:
    begin = partial(branch, tiny_trial, child, PART, seeds=(tiny_trial.seed,), store=tmp_path)
    run_trial(tiny_trial, store=tmp_path, until=PART)
    begin()
    given = checkpoint(child).read_bytes()
    assert given == checkpoint(tiny_trial).read_bytes()
    run_trial(tiny_trial, store=tmp_path)
    begin()  # the other one is further by now, and this one has its own
    assert checkpoint(child).read_bytes() == given
    steps: list[int] = []
    result = run_trial(
        child, store=tmp_path, progress=lambda done, _total, _what: steps.append(done)
    )
    assert min(steps) == PART + 1
    alone = run_trial(child, store=tmp_path / "alone")
    assert alone.weights_hash == result.weights_hash
    assert alone.weights_hash != run_trial(tiny_trial, store=tmp_path).weights_hash


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
    branch(tiny_trial, child, PART, seeds=(tiny_trial.seed,), store=tmp_path)
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
    branch(tiny_trial, child, PART, seeds=(tiny_trial.seed,), store=tmp_path)
    assert not checkpoint(child).exists()
