"""Notes, pages and comparisons of studies in MLflow, and external checkpoints."""

import base64
import json
import urllib.parse
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.mlflow import (
    change,
    everything,
    query,
    show_whole_trial,
)
from tests.tracking.conftest import (
    SMALL_COST,
    START_S,
    make_config,
    make_label,
    make_record,
    make_result,
)
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.study_view import EXPERIMENT_TAG_LIMIT, StudyView, view_state
from workbench.tracking.tracker import NullTracker, ScoredWeights, Tracker, TrialLabel

VIEWS: list[Tracker] = [NullTracker()]


def test_compare_address_names_the_newest_run_of_each_variant_and_seed(
    tracker: MlflowTracker, store: Path
) -> None:
    for seed in (1, 2):
        tracker.trial_ended(make_label(seed=seed), make_result(make_label(seed=seed)))
    stale = query(store, "SELECT run_uuid FROM runs WHERE name LIKE '%seed 1'")[0][0]
    change(store, "UPDATE tags SET value = 'old' WHERE key = 'workbench.key' "
                  f"AND run_uuid = '{stale}'")  # fmt: skip
    change(store, f"UPDATE runs SET start_time = start_time - 9 WHERE run_uuid = '{stale}'")
    tracker.trial_ended(make_label("other", 1, "other"), make_result(make_label("other", 1)))
    fresh = MlflowTracker(store)
    fresh.trial_ended(make_label(seed=1), make_result(make_label(seed=1)))
    address = fresh.queries.compare_address("lvar study")
    assert address is not None
    assert address.startswith("#/compare-runs?runs=%5B%22")
    fields = urllib.parse.parse_qs(address.partition("?")[2])
    wanted = query(
        store, "SELECT run_uuid FROM runs WHERE experiment_id = 1 ORDER BY start_time, run_uuid"
    )
    assert sorted(json.loads(fields["runs"][0])) == sorted(row[0] for row in wanted[1:])
    assert json.loads(fields["experiments"][0]) == ["1"]


def test_without_runs_there_is_nothing_to_compare(tracker: MlflowTracker, store: Path) -> None:
    assert tracker.queries.compare_address("lvar study") is None
    assert tracker.queries.last_study() is None
    assert query(store, "SELECT name FROM experiments") == [("Default",)]
    for view in VIEWS:
        show_whole_trial(view)
        view.trial_ended(make_label(), None)
        view.close()
        assert view.queries.compare_address("lvar study") is None


def test_the_last_study_is_the_one_that_moved_last(tracker: MlflowTracker) -> None:
    for study in ("first", "second"):
        label = make_label(study=study)
        tracker.trial_ended(label, make_result(label))
    tracker.trial_started(make_label(seed=7, study="first"), make_config(7))
    assert tracker.queries.last_study() == "first"
    tracker.trial_started(make_label(seed=7, study="second"), make_config(7))
    tracker.trial_ended(make_label(seed=7, study="second"), None)
    assert tracker.queries.last_study() == "second"


def test_a_study_has_a_note_and_a_page_and_an_edited_note_is_kept(
    tracker: MlflowTracker, store: Path
) -> None:
    def tags_of_experiment() -> dict[str, str]:
        return dict(query(store, "SELECT key, value FROM experiment_tags"))

    view = StudyView("lvar study", "**Does it help?**", ("Set5",))
    assert tracker.queries.pages() == {}
    tracker.show(view)
    found = tags_of_experiment()
    assert found["mlflow.note.content"] == "**Does it help?**"
    state = json.loads(found["mlflow.sharedViewState.workbench"])
    assert state["selectedColumns"][:5] == [
        *("tags.`variant`", "tags.`seed`"),
        *("metrics.`psnr/Set5`", "metrics.`delta/Set5`", "tags.`verdict/Set5`"),
    ]
    assert [card["type"] for card in state["compareRunCharts"]] == [*["LINE"] * 4, *["BAR"] * 2]
    assert tracker.queries.pages() == {
        "lvar study": "#/experiments/1/runs?viewStateShareKey=workbench"
        "&workflowType=machine_learning"
    }
    tracker.show(replace(view, note="**Another question**"))
    assert tags_of_experiment()["mlflow.note.content"] == "**Another question**"
    change(store, "UPDATE experiment_tags SET value = 'mine' WHERE key = 'mlflow.note.content'")
    MlflowTracker(store).show(view)
    assert tags_of_experiment()["mlflow.note.content"] == "mine"


def test_a_long_page_state_is_compressed_as_mlflow_reads_it() -> None:
    text = view_state(StudyView("s", "", tuple(f"set {number}" for number in range(60))))
    assert len(text) <= EXPERIMENT_TAG_LIMIT
    kind, _, packed = text.partition(";")
    assert kind == "deflate"
    columns = json.loads(zlib.decompress(base64.b64decode(packed)))["selectedColumns"]
    assert "metrics.`psnr/set 59`" in columns


def test_an_external_checkpoint_is_one_run_however_often_they_are_scored(
    tracker: MlflowTracker, store: Path
) -> None:
    label = TrialLabel("peers", "mdrn-s.pth", None, "0f3a")
    record = make_record()
    tracker.show(ScoredWeights(label, record))
    before = everything(store)
    later = record.model_copy(update={"finished_s": START_S + 60})
    tracker.show(ScoredWeights(label, later))
    MlflowTracker(store).show(ScoredWeights(label, record))
    assert everything(store) == before
    assert query(store, "select name, status from runs") == [
        ("mdrn-s.pth · external checkpoint", "FINISHED")
    ]
    metrics = dict(query(store, "select key, value from latest_metrics"))
    assert metrics["psnr/Set5"] == pytest.approx(30.25)
    assert metrics["parameters"] == SMALL_COST.parameters
    tags = dict(query(store, "select key, value from tags"))
    assert tags["workbench.seed"] == "given"
    assert tags["workbench.protocol.Set5"] == "x4, uint8, crop 4, LR bicubic"
    assert "not about the design" in tags["mlflow.note.content"]
    assert tracker.queries.compare_address("peers")
    (scores,) = store.glob("**/per_image_scores.csv")
    assert "Set5,baby,31.0" in scores.read_text()


def test_an_external_checkpoint_without_a_cost_has_scores_alone(
    tracker: MlflowTracker, store: Path
) -> None:
    record = make_record().model_copy(update={"cost": None, "file": None})
    tracker.show(ScoredWeights(TrialLabel("peers", "Net", None, "0f3b"), record))
    assert "parameters" not in dict(query(store, "select key, value from latest_metrics"))
    assert ("weights.file", "none") in query(store, "select key, value from params")
