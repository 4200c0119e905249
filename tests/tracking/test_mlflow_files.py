"""Artifacts of MLflow's runs: moved, deleted, written once."""

import shutil
import urllib.parse
from pathlib import Path

import pytest

from tests.builders.mlflow import everything, query, show_whole_trial
from tests.tracking.conftest import (
    make_label,
    make_record,
    make_result,
    make_summary,
)
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.tracker import ScoredWeights, TrialLabel


def test_files_follow_a_moved_store(store: Path, tmp_path: Path, warnings: list[str]) -> None:
    tracker = MlflowTracker(store)
    show_whole_trial(tracker)
    tracker.close()
    moved = tmp_path / "moved #1"
    store.rename(moved)
    label = make_label(seed=3)
    MlflowTracker(moved, on_warning=warnings.append).trial_ended(label, make_result(label))
    for (address,) in query(moved, "SELECT artifact_uri FROM runs"):
        folder = Path(urllib.parse.unquote(urllib.parse.urlsplit(address).path))
        assert folder.is_relative_to(moved)
        assert (folder / "result.json").exists()
    assert not store.exists()
    assert warnings == []


@pytest.mark.parametrize("loss", ["folder", "file", "part"])
def test_artifacts_that_were_deleted_are_written_again(
    store: Path, warnings: list[str], loss: str
) -> None:
    label, record = make_label(), make_record()
    given = TrialLabel("peers", "mdrn-s.pth", None, "0f3a")
    summary = make_summary()

    def tell() -> MlflowTracker:
        tracker = MlflowTracker(store, on_warning=warnings.append)
        tracker.trial_ended(label, make_result(label))
        tracker.show(ScoredWeights(given, record))
        if not tracker.queries.has_summary("lvar study", ["no-lvar"], "d1"):
            tracker.show(summary)
        return tracker

    tell()
    files = {path: path.read_bytes() for path in store.glob("mlflow_artifacts/*/artifacts/*")}
    assert len(files) == 4 + 2 + 1
    rows = everything(store)
    for path in files:
        if loss == "part":
            path.write_bytes(files[path][:-1])
        elif path.name in ("result.json", "scores.json", "report.html"):
            shutil.rmtree(path.parent) if loss == "folder" else path.unlink()
    tell()
    assert {path: path.read_bytes() for path in files} == files
    assert everything(store) == rows
    assert warnings == []


def test_whole_artifacts_are_not_written_again(store: Path) -> None:
    label = make_label()
    MlflowTracker(store).trial_ended(label, make_result(label))
    before = [path.stat().st_mtime_ns for path in store.glob("mlflow_artifacts/*/artifacts/*")]
    MlflowTracker(store).trial_ended(label, make_result(label))
    after = [path.stat().st_mtime_ns for path in store.glob("mlflow_artifacts/*/artifacts/*")]
    assert after == before
