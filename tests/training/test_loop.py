"""The loop with steps in chunks, as on a GPU: validations, checkpoints, stages, interruptions."""

from pathlib import Path

import pytest
import torch

from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.results import TrialResult, TrialState
from workbench.training.table_steps import TableStep, TableSteps
from workbench.trial.run import run_trial


class Interrupted(Exception):  # noqa: N818 (a request, not an error)
    """As a stop of the user."""


@pytest.fixture
def two_stages(tiny_trial: TrialConfig) -> TrialConfig:
    """Return a trial of 9 + 5 steps: a validation every 6, a checkpoint every 4."""
    (first,) = tiny_trial.training.plain()["stages"]
    stages = [
        first | {"steps": 9, "milestones": []},
        first | {"steps": 5, "milestones": [], "loss": "charbonnier", "batch_size": 3},
    ]
    return apply_overrides(
        tiny_trial,
        {"training.stages": stages, "training.validate_every": 6, "training.checkpoint_every": 4},
    )


@pytest.fixture(autouse=True)
def in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trials of the CPU run as those of a GPU, with an eager step in place of the graph."""

    def runner(config: TrialConfig, stage: object, state: object, sampler: object) -> TableSteps:
        step = TableStep(config.training, stage, state, sampler, torch.device("cpu"))  # type: ignore[arg-type]
        steps = TableSteps(step, state, config.training)  # type: ignore[arg-type]
        steps.most_steps = 100
        return steps

    monkeypatch.setattr("workbench.training.loop.step_runner", runner)


def reported(config: TrialConfig, store: Path) -> tuple[TrialResult, list[int]]:
    steps: list[int] = []
    result = run_trial(config, store=store, progress=lambda done, _t, _w: steps.append(done))
    return result, sorted(set(steps))


def test_chunks_end_at_validations_checkpoints_and_stages(
    two_stages: TrialConfig, tmp_path: Path
) -> None:
    result, steps = reported(two_stages, tmp_path)
    assert steps == [4, 6, 8, 9, 12, 14]
    assert [point.step for point in result.curve] == [6, 12, 14]
    assert result.state is TrialState.COMPLETE


@pytest.mark.parametrize("at", [4, 8, 9, 12])
def test_an_interrupted_trial_ends_with_the_same_weights(
    two_stages: TrialConfig, tmp_path: Path, at: int
) -> None:
    def interrupt(done: int, _total: int, _what: str) -> None:
        if done == at:
            raise Interrupted

    with pytest.raises(Interrupted, match=r"^$"):
        run_trial(two_stages, store=tmp_path / "one", progress=interrupt)
    resumed, steps = reported(two_stages, tmp_path / "one")
    whole, _ = reported(two_stages, tmp_path / "other")
    assert steps == [step for step in (4, 6, 8, 9, 12, 14) if step > at]
    assert resumed.weights_hash == whole.weights_hash
    assert [p.score for p in resumed.curve] == [p.score for p in whole.curve]


def test_a_loss_within_a_chunk_that_is_not_finite_ends_the_trial(
    two_stages: TrialConfig, tmp_path: Path
) -> None:
    config = apply_overrides(two_stages, {"training.stages.0.learning_rate": 1e30})
    result, _ = reported(config, tmp_path)
    assert result.state is TrialState.DIVERGED
    assert result.reason in {
        f"the loss was {value} at step {result.steps}" for value in ("inf", "nan")
    }
    assert 1 < result.steps <= 4
