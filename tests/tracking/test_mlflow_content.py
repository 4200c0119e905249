"""What MLflow's runs hold, by their rows."""

import json
import math
import urllib.parse
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.mlflow import (
    change,
    metrics,
    query,
    show_whole_trial,
    statuses,
    tags_of_page,
)
from tests.tracking.conftest import (
    START_S,
    make_config,
    make_label,
    make_point,
    make_result,
    make_summary,
)
from workbench.provenance import Usage
from workbench.results import TrialState
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.study_view import StudyView


def test_not_a_number_and_infinity_are_kept_apart_from_numbers(
    tracker: MlflowTracker, store: Path, warnings: list[str]
) -> None:
    label = make_label()
    curve = (make_point(40, loss=math.nan), make_point(80, loss=math.inf, psnr_db=math.inf))
    result = make_result(label, curve=curve)
    for _ in range(2):
        tracker.trial_started(label, result.config)
        for point in curve:
            tracker.validated(label, point)
        tracker.trial_ended(label, result)
    found = metrics(store)
    assert found["train/loss", 40] is None
    assert found["train/loss", 80] is None
    assert found["validation/psnr", 80] is None
    assert found["ssim_y/Set5", 0] == pytest.approx(0.86)
    assert len(query(store, "SELECT * FROM metrics WHERE key = 'train/loss'")) == 2
    assert warnings == []


def test_a_param_is_never_changed(store: Path, warnings: list[str]) -> None:
    label = make_label()
    tracker = MlflowTracker(store, on_warning=warnings.append)
    tracker.trial_started(label, make_config(seed=2))
    tracker.trial_started(label, make_config(seed=9))
    MlflowTracker(store, on_warning=warnings.append).trial_started(label, make_config(9))
    assert query(store, "SELECT value FROM params WHERE key = 'seed'") == [("2",)]
    assert warnings == []


def test_a_long_curve_needs_several_calls(store: Path, warnings: list[str]) -> None:
    label = make_label()
    curve = tuple(make_point(step) for step in range(1, 401))
    tracker = MlflowTracker(store, on_warning=warnings.append)
    tracker.trial_ended(label, make_result(label, curve=curve))
    assert query(store, "SELECT count(*) FROM metrics WHERE key = 'train/loss'") == [(400,)]
    assert warnings == []


def test_what_exists_once_is_at_step_0_which_mlflow_draws_as_a_bar(
    tracker: MlflowTracker, store: Path
) -> None:
    show_whole_trial(tracker)
    tracker.show(make_summary())
    steps: dict[str, set[int]] = {}
    for name, step in metrics(store):
        steps.setdefault(name, set()).add(step)
    dots = {name for name, found in steps.items() if len(found) == 1 and found != {0}}
    assert dots == set()
    curves = {name for name, found in steps.items() if found == {40, 80, 120}}
    assert curves == {
        *(f"validation/{name}" for name in ("psnr", "ssim", "psnr_y", "ssim_y")),
        *("train/loss", "train/learning_rate"),
    }


def test_a_trial_shows_its_difference_from_the_one_it_is_compared_with(
    tracker: MlflowTracker, store: Path
) -> None:
    show_whole_trial(tracker)
    label = make_label()
    trials = {(2, label.key): {"delta/Set5": -0.25}, (3, "never shown"): {"delta/Set5": 1.0}}
    tracker.show(replace(make_summary(), trials=trials))
    query_delta = "SELECT r.name, m.value FROM latest_metrics m JOIN runs r USING (run_uuid) "
    assert query(store, query_delta + "WHERE m.key = 'delta/Set5'") == [("no-lvar · seed 2", -0.25)]


def test_trials_that_end_at_different_steps_share_no_column(
    store: Path, warnings: list[str]
) -> None:
    tracker = MlflowTracker(store, on_warning=warnings.append)
    tracker.show(StudyView("lvar study", "", ("Set5",), rungs=(40,), judged=False))
    stopped, ended = make_label("t0001", 1), make_label("t0002", 1)
    early = make_result(stopped, TrialState.PRUNED, curve=(make_point(40, psnr_db=20.0),))
    tracker.trial_ended(stopped, early.model_copy(update={"scores": (), "steps": 40}))
    tracker.trial_ended(ended, make_result(ended))
    columns = json.loads(tags_of_page(store))["selectedColumns"]
    rows = query(store, "SELECT m.key, r.name, m.value FROM latest_metrics m "
                        "JOIN runs r USING (run_uuid)")  # fmt: skip
    rows = [row for row in rows if f"metrics.`{row[0]}`" in columns]
    by_column: dict[str, dict[str, float]] = {}
    for key, name, value in rows:
        by_column.setdefault(key, {})[name[:5]] = value
    assert by_column.pop("validation_psnr_at/40") == {"t0001": 20.4, "t0002": 30.4}
    assert by_column.pop("psnr/Set5") == {"t0002": 30.25}
    assert by_column.keys() == {"parameters", "multiply_adds"}
    address = tracker.queries.compare_address("lvar study")
    ids = query(store, "SELECT run_uuid FROM runs WHERE name LIKE 't0002%'")
    assert address is not None
    assert json.loads(urllib.parse.parse_qs(address.partition("?")[2])["runs"][0]) == [ids[0][0]]
    assert warnings == []


def test_what_a_process_used_is_a_series_over_time(tracker: MlflowTracker, store: Path) -> None:
    usage = tuple(
        Usage(time_s=START_S + s, cpu_s=s / 2, memory_bytes=(s + 1) * 2**20) for s in (0, 4, 8)
    )
    label = make_label()
    tracker.trial_ended(label, make_result(label).model_copy(update={"usage": usage}))
    rows = query(store, "SELECT timestamp, value FROM metrics WHERE key = "
                        "'system/process_cpu_percentage' ORDER BY step")  # fmt: skip
    assert rows == [(int(START_S * 1000) + ms, 50.0) for ms in (4_000, 8_000)]
    found = metrics(store)
    assert found["system/process_memory_mebibytes", 1] == 9
    assert found["resources/peak_memory_mebibytes", 0] == 9
    assert found["resources/cpu_s", 0] == 4
    assert found["resources/steps_per_s", 0] == pytest.approx(120 / 12.5)


def test_a_run_of_an_earlier_layout_is_replaced(store: Path, warnings: list[str]) -> None:
    label = make_label()
    MlflowTracker(store).trial_ended(label, make_result(label))
    change(store, "DELETE FROM tags WHERE key = 'workbench.layout'")
    old = query(store, "SELECT run_uuid FROM runs")
    MlflowTracker(store, on_warning=warnings.append).trial_ended(label, make_result(label))
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED")]
    assert query(store, "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'deleted'") == old
    assert warnings == []
