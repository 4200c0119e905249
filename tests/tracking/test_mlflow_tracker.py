import base64
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.parse
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tracking.conftest import (
    SMALL_COST,
    START_S,
    make_config,
    make_label,
    make_point,
    make_record,
    make_result,
    make_summary,
)
from workbench.results import TrialState, Usage
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.study_view import EXPERIMENT_TAG_LIMIT, StudyView, view_state
from workbench.tracking.tracker import NullTracker, ScoredWeights, Tracker, TrialLabel

ROOT = Path(__file__).parents[2]
VIEWS: list[Tracker] = [NullTracker()]


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    """Return a store of the test's own, whose database need not be made anew."""
    return Path(shutil.copytree(empty_store, tmp_path / "store"))


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def tracker(store: Path, warnings: list[str]) -> MlflowTracker:
    return MlflowTracker(store, on_warning=warnings.append)


def query(store: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store / "mlflow.db")) as connection:
        return connection.execute(sql).fetchall()


def change(store: Path, sql: str) -> None:
    with closing(sqlite3.connect(store / "mlflow.db")) as connection, connection:
        connection.execute(sql)


def everything(store: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that a run consists of, in a fixed order."""
    tables = ("experiments", "runs", "metrics", "latest_metrics", "params", "tags")
    return {name: sorted(query(store, f"SELECT * FROM {name}"), key=repr) for name in tables}


def statuses(store: Path) -> list[tuple[Any, ...]]:
    return query(store, "SELECT name, status FROM runs WHERE lifecycle_stage = 'active'")


def metrics(store: Path) -> dict[tuple[str, int], float | None]:
    rows = query(
        store, "SELECT key, step, CASE is_nan WHEN 1 THEN NULL ELSE value END FROM metrics"
    )
    return {(key, step): value for key, step, value in rows}


def tags_of_page(store: Path) -> str:
    (state,) = query(store, "SELECT value FROM experiment_tags WHERE key LIKE '%ViewState%'")
    return str(state[0])


def tags(store: Path) -> dict[str, str]:
    return dict(query(store, "SELECT key, value FROM tags"))


def tell_whole_trial(tracker: Tracker, state: TrialState = TrialState.COMPLETE) -> None:
    label = make_label()
    result = make_result(label, state)
    tracker.trial_started(label, result.config)
    for point in result.curve:
        tracker.validated(label, point)
    tracker.trial_ended(label, result)


def test_a_trial_is_one_finished_run_with_its_numbers(
    tracker: MlflowTracker, store: Path, warnings: list[str]
) -> None:
    tell_whole_trial(tracker)
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
    tell_whole_trial(tracker)
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


def test_telling_twice_gives_the_same_rows(
    tracker: MlflowTracker, store: Path, warnings: list[str]
) -> None:
    tell_whole_trial(tracker)
    once = everything(store)
    tell_whole_trial(tracker)
    tell_whole_trial(MlflowTracker(store, on_warning=warnings.append))
    assert everything(store) == once
    assert warnings == []


def test_the_view_can_be_rebuilt_from_results_alone(store: Path, tmp_path: Path) -> None:
    tell_whole_trial(MlflowTracker(store))
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


def test_a_pruned_run_can_go_on_to_the_end(tracker: MlflowTracker, store: Path) -> None:
    tell_whole_trial(tracker, TrialState.PRUNED)
    tell_whole_trial(tracker, TrialState.COMPLETE)
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
    tell_whole_trial(tracker)
    tracker.trial_started(make_label(seed=3), make_config(3))
    tracker.close()
    tracker.close()
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED"), ("no-lvar · seed 3", "KILLED")]
    assert not (store / "mlflow.db-wal").exists()


KILLED_DRIVER = """
import os, sys
from pathlib import Path
from tests.tracking.conftest import SMALL_COST, make_config, make_label, make_point
from workbench.tracking.mlflow_tracker import MlflowTracker

tracker = MlflowTracker(Path(sys.argv[1]))
tracker.trial_started(make_label(), make_config())
tracker.validated(make_label(), make_point(40))
os.kill(os.getpid(), 9)
"""


def test_closing_gives_the_environment_back(tmp_path: Path) -> None:
    before = dict(os.environ)
    tracker = MlflowTracker(tmp_path)
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "10"
    tracker.close()
    assert dict(os.environ) == before


def test_a_run_of_a_killed_driver_is_reused_and_finished(store: Path) -> None:
    driver = subprocess.run(
        [sys.executable, "-c", KILLED_DRIVER, str(store)], cwd=ROOT, check=False
    )
    assert driver.returncode == -signal.SIGKILL
    assert statuses(store) == [("no-lvar · seed 2", "RUNNING")]
    MlflowTracker(store).trial_ended(make_label(), make_result(make_label()))
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED")]
    assert len([step for name, step in metrics(store) if name == "train/loss"]) == 3


def test_a_run_left_by_a_killed_driver_ends_when_its_trial_has_another_key(store: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED_DRIVER, str(store)], cwd=ROOT, check=False)
    changed = replace(make_label(), key="the code or the images have changed")
    MlflowTracker(store).trial_ended(changed, make_result(changed))
    assert sorted(status for _, status in statuses(store)) == ["FINISHED", "KILLED"]


def test_runs_of_a_trial_that_another_key_replaced_are_told_apart(
    tracker: MlflowTracker, store: Path
) -> None:
    old, new = make_label(), replace(make_label(), key="other images")
    other = make_label(seed=3)
    for label in (other, old, new):
        tracker.trial_ended(label, make_result(label))

    def runs() -> dict[str, tuple[str, str]]:
        rows = query(
            store,
            "SELECT trial.value, variant.value, name FROM runs JOIN tags trial USING (run_uuid) "
            "JOIN tags variant USING (run_uuid) WHERE trial.key = 'workbench.key' "
            "AND variant.key = 'workbench.variant'",
        )
        return {key: (variant, name) for key, variant, name in rows}

    current = "no-lvar", "no-lvar · seed 2"
    superseded = "no-lvar (superseded)", "no-lvar · seed 2 (superseded)"
    same = {other.key: ("no-lvar", "no-lvar · seed 3")}
    assert runs() == same | {old.key: superseded, new.key: current}
    address = tracker.queries.compare_address("lvar study")
    assert address is not None
    (ids,) = urllib.parse.parse_qs(address.partition("?")[2])["runs"]
    assert len(json.loads(ids)) == 2
    # The first images are back, with another driver: its run is found and counts again.
    fresh = MlflowTracker(store)
    fresh.trial_ended(old, make_result(old))
    assert runs() == same | {old.key: current, new.key: superseded}
    fresh.close()
    assert len(query(store, "SELECT 1 FROM runs WHERE lifecycle_stage = 'active'")) == 3


FIRST_DRIVER = """
import sys
from pathlib import Path
from tests.tracking.conftest import make_label, make_result
from workbench.tracking.mlflow_tracker import MlflowTracker

seed = int(sys.argv[2])
tracker = MlflowTracker(Path(sys.argv[1]), on_warning=sys.exit)
print("ready", flush=True)
sys.stdin.readline()
for label in (make_label(seed=seed), make_label("shared", 1)):
    tracker.trial_ended(label, make_result(label))
tracker.close()
"""


def test_four_drivers_create_the_database_and_the_study_at_once(tmp_path: Path) -> None:
    store = tmp_path / "store"
    drivers = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST_DRIVER, str(store), str(seed)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(4)
    ]
    for driver in drivers:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "ready\n"
    ends = [driver.communicate("go\n", timeout=120) for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0] * 4, ends
    MlflowTracker(store).trial_ended(make_label("shared", 1), make_result(make_label("shared", 1)))
    expected = [(f"no-lvar · seed {seed}", "FINISHED") for seed in range(4)]
    assert sorted(statuses(store)) == [*expected, ("shared · seed 1", "FINISHED")]


def test_another_drivers_run_is_found_although_the_study_was_read_before(store: Path) -> None:
    one, other = MlflowTracker(store), MlflowTracker(store)
    for tracker in (one, other):
        tracker.trial_ended(make_label(seed=1), make_result(make_label(seed=1)))
    for tracker in (one, other):
        tracker.trial_started(make_label(seed=2), make_config())
    one.trial_ended(make_label(seed=2), make_result(make_label(seed=2)))
    assert len(statuses(store)) == 2


def test_the_older_of_two_runs_of_one_trial_is_kept(store: Path, warnings: list[str]) -> None:
    tracker = MlflowTracker(store, on_warning=warnings.append)
    label = make_label()
    tracker.trial_started(label, make_config())
    kept = query(store, "SELECT run_uuid FROM runs")
    for table in ("runs", "tags"):
        columns = [row[1] for row in query(store, f"PRAGMA table_info({table})")]
        values = ", ".join(
            {"run_uuid": "replace(run_uuid, substr(run_uuid, 1, 4), 'fade')"}.get(name, name)
            for name in columns
        )
        change(store, f"INSERT INTO {table} SELECT {values} FROM {table}")
    change(store, "UPDATE runs SET start_time = start_time + 1 WHERE run_uuid LIKE 'fade%'")
    assert len(statuses(store)) == 2
    MlflowTracker(store, on_warning=warnings.append).trial_ended(label, make_result(label))
    assert statuses(store) == [("no-lvar · seed 2", "FINISHED")]
    assert query(store, "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'") == kept
    assert warnings == []


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
    tell_whole_trial(MlflowTracker(store))
    change(store, "UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'lvar study'")
    tell_whole_trial(MlflowTracker(store, on_warning=warnings.append))
    assert query(store, "SELECT lifecycle_stage FROM experiments WHERE name = 'lvar study'") == [
        ("active",)
    ]
    assert warnings == []


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
        tell_whole_trial(view)
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


def test_files_follow_a_moved_store(store: Path, tmp_path: Path, warnings: list[str]) -> None:
    tracker = MlflowTracker(store)
    tell_whole_trial(tracker)
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


def test_what_exists_once_is_at_step_0_which_mlflow_draws_as_a_bar(
    tracker: MlflowTracker, store: Path
) -> None:
    tell_whole_trial(tracker)
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
    tell_whole_trial(tracker)
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
    assert [card["type"] for card in state["compareRunCharts"]] == [*["LINE"] * 3, *["BAR"] * 2]
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


def test_given_weights_are_one_run_however_often_they_are_scored(
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


def test_given_weights_without_a_cost_have_scores_alone(
    tracker: MlflowTracker, store: Path
) -> None:
    record = make_record().model_copy(update={"cost": None, "file": None})
    tracker.show(ScoredWeights(TrialLabel("peers", "Net", None, "0f3b"), record))
    assert "parameters" not in dict(query(store, "select key, value from latest_metrics"))
    assert ("weights.file", "none") in query(store, "select key, value from params")
