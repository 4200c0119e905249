"""The life of a trial in MLflow."""

import json
from pathlib import Path

import pytest

from tests.builders.mlflow import (
    change,
    everything,
    metrics,
    query,
    show_whole_trial,
    statuses,
    tags,
)
from tests.tracking.conftest import (
    START_S,
    make_config,
    make_label,
    make_point,
    make_result,
)
from workbench.results import TrialState
from workbench.tracking.mlflow_tracker import MlflowTracker


def test_a_trial_is_one_finished_run_with_its_numbers(
    tracker: MlflowTracker, store: Path, warnings: list[str]
) -> None:
    show_whole_trial(tracker)
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED")]
    found = metrics(store)
    assert found["validation/psnr", 80] == pytest.approx(30.8)
    assert found["train/loss", 120] == 0.05
    assert found["train/learning_rate", 40] == 2e-3
    assert found["psnr/Set5", 0] == pytest.approx(30.25)
    assert found["ssim_y/Urban 100_x", 0] == pytest.approx(0.86)
    assert found["multiply_adds", 0] == 9_876_543_210
    assert found["resources/training_s", 0] == 12.5
    assert warnings == []


def test_a_run_holds_config_tags_and_files(tracker: MlflowTracker, store: Path) -> None:
    show_whole_trial(tracker)
    params = dict(query(store, "SELECT key, value FROM params"))
    assert params["model.channels"] == "8"
    assert params["model.spatial_attention.levels"] == "[3, 5, 7]"
    assert params["training.stages.0.loss"] == "l1"
    found = tags(store)
    assert found["workbench.study"] == "lvar study"
    assert found["workbench.key"] == "no-lvar-2-0f3a"
    assert found["workbench.state"] == "complete"
    assert found["workbench.protocol.Set5"] == "x4, uint8, crop 4, LR bicubic"
    assert found["mlflow.source.git.commit"] == "0123456789abcdef"
    assert "| Set5 | 30.2500 |" in found["mlflow.note.content"]
    files = {path.name: path.read_text() for path in store.rglob("artifacts/*")}
    assert sorted(files) == ["config.yaml", "git_dirty.diff", "per_image_scores.csv", "result.json"]
    assert json.loads(files["result.json"])["steps"] == 120
    assert files["per_image_scores.csv"].splitlines()[1].startswith("Set5,baby,31.0,0.81,")


def test_showing_twice_gives_the_same_rows(
    tracker: MlflowTracker, store: Path, warnings: list[str]
) -> None:
    show_whole_trial(tracker)
    once = everything(store)
    show_whole_trial(tracker)
    show_whole_trial(MlflowTracker(store, on_warning=warnings.append))
    assert everything(store) == once
    assert warnings == []


def test_the_view_can_be_rebuilt_from_results_alone(store: Path, tmp_path: Path) -> None:
    show_whole_trial(MlflowTracker(store))
    rebuilt = tmp_path / "rebuilt"  # from nothing
    MlflowTracker(rebuilt).trial_ended(make_label(), make_result(make_label()))
    assert metrics(rebuilt) == metrics(store)
    assert tags(rebuilt) == tags(store)
    assert query(rebuilt, "SELECT start_time, end_time FROM runs") == [
        (int(START_S * 1000), int(START_S * 1000) + 20_000)
    ]


def test_a_finished_run_is_not_written_again(
    tracker: MlflowTracker, store: Path, warnings: list[str]
) -> None:
    label = make_label()
    tracker.trial_ended(label, make_result(label))
    change(store, "ALTER TABLE metrics RENAME TO hidden_metrics")  # a write would now fail
    tracker.trial_ended(label, make_result(label))
    MlflowTracker(store, on_warning=warnings.append).trial_ended(label, make_result(label))
    assert warnings == []


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (TrialState.COMPLETE, "FINISHED"),
        (TrialState.PRUNED, "FINISHED"),
        (TrialState.DIVERGED, "FAILED"),
        (TrialState.OUT_OF_MEMORY, "FAILED"),
    ],
)
def test_status_and_reason_follow_the_state(store: Path, state: TrialState, status: str) -> None:
    label = make_label()
    MlflowTracker(store).trial_ended(label, make_result(label, state, reason="at step 7"))
    assert statuses(store) == [("no-lvar · seed 2", status)]
    assert tags(store)["workbench.state"] == state.value
    assert tags(store)["workbench.reason"] == "at step 7"


def test_a_pruned_run_can_be_resumed_to_the_end(tracker: MlflowTracker, store: Path) -> None:
    show_whole_trial(tracker, TrialState.PRUNED)
    show_whole_trial(tracker, TrialState.COMPLETE)
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED")]
    assert tags(store)["workbench.state"] == "complete"


def test_an_interrupted_run_is_killed_and_finished_later(
    tracker: MlflowTracker, store: Path
) -> None:
    label = make_label()
    tracker.trial_started(label, make_config())
    tracker.trial_ended(label, None)
    tracker.trial_ended(label, None)
    assert statuses(store) == [("no-lvar · seed 2", "KILLED")]
    assert tags(store)["workbench.state"] == "interrupted"
    later = MlflowTracker(store)
    later.trial_started(label, make_config())
    assert statuses(store) == [("no-lvar · seed 2", "RUNNING")]
    later.trial_ended(label, make_result(label))
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED")]


def test_closing_interrupts_what_runs_and_keeps_the_rest(
    tracker: MlflowTracker, store: Path
) -> None:
    show_whole_trial(tracker)
    tracker.trial_started(make_label(seed=3), make_config(3))
    tracker.close()
    tracker.close()
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED"), ("no-lvar · seed 3", "KILLED")]
    assert not (store / "mlflow.db-wal").exists()


def test_a_failed_write_warns_once_and_is_made_up_for_later(
    tracker: MlflowTracker, store: Path, warnings: list[str]
) -> None:
    label = make_label()
    tracker.trial_started(label, make_config())
    change(store, "ALTER TABLE metrics RENAME TO hidden_metrics")
    for step in (40, 80):
        tracker.validated(label, make_point(step))
    tracker.trial_ended(label, make_result(label))
    tracker.close()
    assert warnings == [
        "MLflow is behind (no such table: metrics); trials continue and results are kept, "
        "and rerunning the same command brings MLflow up to date"
    ]
    change(store, "ALTER TABLE hidden_metrics RENAME TO metrics")
    MlflowTracker(store, on_warning=warnings.append).trial_ended(label, make_result(label))
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED")]
    assert len(warnings) == 1


def test_a_deleted_study_comes_back(store: Path, warnings: list[str]) -> None:
    show_whole_trial(MlflowTracker(store))
    change(store, "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'lvar study'")
    show_whole_trial(MlflowTracker(store, on_warning=warnings.append))
    assert query(store, "SELECT lifecycle_stage FROM experiments WHERE name = 'lvar study'") == [
        ("active",)
    ]
    assert warnings == []
