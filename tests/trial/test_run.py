"""One trial from config to record: reuse, resuming bit for bit, and every ending."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, DataError, StoppedByUserError
from workbench.models.checkpoints import load_model, read_weights, weights_hash
from workbench.results import CurvePoint, TrialResult, TrialState
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.training.state import decode_checkpoint
from workbench.trial.run import TrialStopped, run_trial


class Interrupt:
    """Stops a training after a number of steps, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, done: int, _total: int, _what: str) -> None:
        if done == self.after:
            raise StoppedByUserError("stopped")


def without_times(result: TrialResult) -> dict[str, Any]:
    plain = result.plain()
    for name in ("training_s", "evaluation_s", "started_s", "finished_s", "sessions", "usage"):
        del plain[name]
    for point in plain["curve"]:
        del point["time_s"]
    return plain


def test_a_trial_is_recorded_with_scores_curve_cost_and_weights(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    result = run_trial(tiny_trial, store=tmp_path)
    assert result.state is TrialState.COMPLETE
    assert result.steps == 12
    assert [point.step for point in result.curve] == [6, 12]
    assert [point.learning_rate for point in result.curve] == [1e-3, 5e-4]
    (scores,) = result.scores
    assert [image.name for image in scores.images] == [f"photo{i}" for i in range(4)]
    assert 5 < scores.mean().psnr_rgb_db < 40
    assert result.curve[-1].score == scores.mean()
    assert result.cost.parameters > 1000
    assert Ledger(tmp_path).result(result.key) == result
    weights = tmp_path / "trainings" / result.training_key / WEIGHTS
    assert read_weights(weights).config == tiny_trial.model
    assert weights_hash(load_model(weights).state_dict()) == result.weights_hash
    assert torch.__version__.startswith(result.environment.packages["torch"])


def test_what_is_finished_is_not_trained_again(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    first = run_trial(tiny_trial, store=tmp_path)

    def fail(done: int, total: int, what: str) -> None:
        raise AssertionError("a step was trained")

    assert run_trial(tiny_trial, store=tmp_path, progress=fail) == first


def test_a_new_benchmark_scores_the_weights_that_exist(
    tiny_trial: TrialConfig, photos: Path, tmp_path: Path
) -> None:
    first = run_trial(tiny_trial, store=tmp_path)
    more = apply_overrides(
        tiny_trial,
        {"evaluation.benchmarks": [{"name": "again", "folder": str(photos)}]},
    )
    steps: list[str] = []
    second = run_trial(more, store=tmp_path, progress=lambda _d, _t, what: steps.append(what))
    assert steps == ["scoring again"]
    assert second.key != first.key
    assert (second.training_key, second.weights_hash) == (first.training_key, first.weights_hash)
    assert second.curve == first.curve


@pytest.mark.parametrize("stops", [[1], [6], [4, 5, 9], [11], [12]])
def test_a_resumed_trial_is_that_of_an_undisturbed_run(
    tiny_trial: TrialConfig, tmp_path: Path, stops: list[int]
) -> None:
    undisturbed = run_trial(tiny_trial, store=tmp_path / "a")
    for after in stops:
        with pytest.raises(StoppedByUserError, match="stopped"):
            run_trial(tiny_trial, store=tmp_path / "b", progress=Interrupt(after))
    resumed = run_trial(tiny_trial, store=tmp_path / "b")
    assert resumed.sessions == len(stops) + 1
    assert without_times(resumed) == without_times(undisturbed)


def test_a_run_that_was_killed_resumes_from_its_last_checkpoint(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = run_trial(tiny_trial, store=tmp_path / "a")

    class Killed(BaseException):
        """Nothing may be written after it, as after kill -9."""

    def kill(done: int, total: int, what: str) -> None:
        if done == 8:
            monkeypatch.setattr("workbench.training.loop.save_checkpoint", lambda *_, **__: None)
            raise Killed("at step 8")

    with monkeypatch.context(), pytest.raises(Killed, match="at step 8"):
        run_trial(tiny_trial, store=tmp_path / "b", progress=kill)
    monkeypatch.undo()
    seen: list[int] = []
    resumed = run_trial(
        tiny_trial, store=tmp_path / "b", progress=lambda done, _t, _w: seen.append(done)
    )
    assert seen[0] == 6  # checkpoints are written every 5 steps
    assert without_times(resumed) == without_times(undisturbed)


@pytest.mark.parametrize("damage", [lambda b: b[:100], lambda _: b"", lambda b: b"x" * len(b)])
def test_a_damaged_checkpoint_costs_time_and_no_result(
    tiny_trial: TrialConfig, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    undisturbed = run_trial(tiny_trial, store=tmp_path / "a")
    with pytest.raises(StoppedByUserError, match="stopped"):
        run_trial(tiny_trial, store=tmp_path / "b", progress=Interrupt(7))
    (checkpoint,) = tmp_path.glob(f"b/trainings/*/{CHECKPOINT}")
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    assert without_times(run_trial(tiny_trial, store=tmp_path / "b")) == without_times(undisturbed)


def optimizer_steps(store: Path) -> set[float]:
    """Return how many steps Adam counts for each parameter in the checkpoint of a store."""
    (path,) = store.glob(f"trainings/*/{CHECKPOINT}")
    content = decode_checkpoint(path.read_bytes(), path, torch.device("cpu"))
    assert content is not None
    return {float(moments["step"]) for moments in content["optimizer"]["state"].values()}


@pytest.mark.parametrize(("stop", "of_stage"), [(3, 3), (4, 4), (5, 1), (10, 2)])
def test_stages_follow_each_other_with_a_fresh_optimizer(
    tiny_trial: TrialConfig, tmp_path: Path, stop: int, of_stage: int
) -> None:
    stage = tiny_trial.training.stages[0].plain() | {"steps": 4, "milestones": []}
    staged = apply_overrides(
        tiny_trial,
        {"training.stages": [stage | {"loss": loss} for loss in ("l1", "charbonnier", "l2")]},
    )
    with pytest.raises(StoppedByUserError, match="stopped"):
        run_trial(staged, store=tmp_path, progress=Interrupt(stop))
    assert optimizer_steps(tmp_path) == {of_stage}
    assert run_trial(staged, store=tmp_path).steps == 12
    assert optimizer_steps(tmp_path) == {4}


def test_a_recipe_of_stages_resumes_between_them(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    stage = tiny_trial.training.stages[0].plain() | {"steps": 4, "milestones": []}
    staged = apply_overrides(
        tiny_trial, {"training.stages": [stage, stage | {"loss": "l2", "batch_size": 1}]}
    )
    undisturbed = run_trial(staged, store=tmp_path / "a")
    with pytest.raises(StoppedByUserError, match="stopped"):
        run_trial(staged, store=tmp_path / "b", progress=Interrupt(4))
    resumed = run_trial(staged, store=tmp_path / "b")
    assert without_times(resumed) == without_times(undisturbed)


def test_seeds_differ_and_variants_of_a_seed_see_the_same_crops(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    other_seed = apply_overrides(tiny_trial, {"seed": 2})
    variant = apply_overrides(tiny_trial, {"model.spatial_attention.lvar": []})
    results = [run_trial(c, store=tmp_path) for c in (tiny_trial, other_seed, variant)]
    assert len({result.weights_hash for result in results}) == 3
    losses = [result.curve[0].loss for result in results]
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)
    assert losses[0] == pytest.approx(losses[2], rel=1e-3)  # same crops, nearly the same network


def test_a_diverging_trial_is_a_result_with_its_step(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    wild = apply_overrides(tiny_trial, {"training.stages.0.learning_rate": 1e30})
    result = run_trial(wild, store=tmp_path)
    assert result.state is TrialState.DIVERGED
    assert result.reason.startswith("the loss was ")
    assert f"at step {result.steps}" in result.reason
    assert result.scores == ()
    assert run_trial(wild, store=tmp_path) == result


def test_weights_that_break_in_the_last_step_are_a_divergence(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    stage = tiny_trial.training.stages[0].plain()
    stage |= {"steps": 1, "milestones": [], "learning_rate": 1e38}
    result = run_trial(apply_overrides(tiny_trial, {"training.stages": [stage]}), store=tmp_path)
    assert (result.state, result.scores) == (TrialState.DIVERGED, ())
    assert "the network gives values that are infinite or not numbers" in result.reason


def test_a_validation_may_stop_a_trial(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    points: list[CurvePoint] = []

    def stop(point: CurvePoint) -> None:
        points.append(point)
        raise TrialStopped("below the others")

    result = run_trial(tiny_trial, store=tmp_path, on_validation=stop)
    assert (result.state, result.reason, result.steps) == (TrialState.PRUNED, "below the others", 6)
    assert Ledger(tmp_path).result(result.key) is None
    whole = run_trial(tiny_trial, store=tmp_path)  # without a stop, it resumes
    assert whole.state is TrialState.COMPLETE
    assert whole.curve[0] == points[0]


def test_running_out_of_memory_is_a_result_that_is_tried_again(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    with monkeypatch.context() as patch:
        patch.setattr("workbench.training.steps.HostSteps.run", too_much)
        result = run_trial(tiny_trial, store=tmp_path)
    assert result.state is TrialState.OUT_OF_MEMORY
    assert "Tried to allocate" in result.reason
    assert run_trial(tiny_trial, store=tmp_path).state is TrialState.COMPLETE


def test_a_trial_that_runs_out_of_memory_in_the_evaluation_keeps_its_training(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: object) -> None:
        raise MemoryError("12 GiB")

    with monkeypatch.context() as patch:
        patch.setattr("workbench.trial.run.final_scores", too_much)
        result = run_trial(tiny_trial, store=tmp_path)
    assert (result.state, result.reason) == (TrialState.OUT_OF_MEMORY, "12 GiB")
    assert (result.steps, result.scores) == (12, ())
    steps: list[str] = []
    again = run_trial(tiny_trial, store=tmp_path, progress=lambda _d, _t, what: steps.append(what))
    assert again.state is TrialState.COMPLETE
    assert steps[0] == "scoring photos"
    assert not any(what.startswith("loss") for what in steps)  # nothing was trained again


@pytest.mark.parametrize(
    "where", ["workbench.training.steps.HostSteps.run", "workbench.trial.run.final_scores"]
)
def test_other_errors_of_the_program_are_not_hidden(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(where, broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run_trial(tiny_trial, store=tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_refused(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    config = apply_overrides(tiny_trial, {"training.device": "cuda"})
    with pytest.raises(ConfigError, match="PyTorch sees no CUDA device on this machine"):
        run_trial(config, store=tmp_path)


def test_images_below_the_patch_are_refused_before_training(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    config = apply_overrides(tiny_trial, {"training.stages.0.hr_patch_px": 68})
    with pytest.raises(DataError, match=r"photo0.*64x64 px, but at least 68x68 px are needed"):
        run_trial(config, store=tmp_path)


def test_the_key_follows_the_pixels_and_not_the_file(
    tiny_trial: TrialConfig, photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    for path in photos.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    moved = tiny_trial.plain()
    source = {"name": "moved", "folder": str(folder)}
    moved["data"] |= {"training": [source], "validation": source}
    config = TrialConfig.parse(moved)
    result = run_trial(config, store=tmp_path / "store")
    assert run_trial(tiny_trial, store=tmp_path / "store").training_key == result.training_key
    with Image.open(folder / "photo0.png") as image:
        pixels = np.asarray(image).copy()
    pixels[0, 0, 0] ^= 1
    Image.fromarray(pixels).save(folder / "photo0.png")
    changed = run_trial(config, store=tmp_path / "store")
    assert changed.training_key != result.training_key
