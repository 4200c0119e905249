"""Drivers that are killed, and several drivers of one study."""

import json
import os
import signal
import subprocess
import sys
import urllib.parse
from dataclasses import replace
from pathlib import Path

from tests.builders.mlflow import change, metrics, query, statuses
from tests.tracking.conftest import (
    make_config,
    make_label,
    make_result,
)
from workbench.tracking.mlflow_tracker import MlflowTracker

ROOT = Path(__file__).parents[2]
KILLED_DRIVER = """
import os, sys
from pathlib import Path
from tests.tracking.conftest import make_config, make_label, make_point
from workbench.tracking.mlflow_tracker import MlflowTracker

tracker = MlflowTracker(Path(sys.argv[1]))
tracker.trial_started(make_label(), make_config())
tracker.validated(make_label(), make_point(40))
os.kill(os.getpid(), 9)
"""
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


def test_runs_of_a_trial_that_another_key_replaced_are_marked(
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


def test_three_drivers_create_the_database_and_the_study_at_once(tmp_path: Path) -> None:
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
        for seed in range(3)
    ]
    for driver in drivers:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "ready\n"
    ends = [driver.communicate("go\n", timeout=120) for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0] * 3, ends
    MlflowTracker(store).trial_ended(make_label("shared", 1), make_result(make_label("shared", 1)))
    expected = [(f"no-lvar · seed {seed}", "FINISHED") for seed in range(3)]
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
