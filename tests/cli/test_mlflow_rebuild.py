"""`workbench mlflow rebuild`: MLflow's view made anew from what the store holds."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.builders.searches import Fake, run, settings, with_rungs
from tests.builders.stores import STUDY, make_store
from tests.cli.conftest import Command
from tests.tracking.conftest import make_record
from workbench.config.trial import TrialConfig
from workbench.experiments.external_scores import ExternalScores, keep_external_scores
from workbench.results import TrialResult, TrialState
from workbench.search.record_file import start_record
from workbench.store.ledger import Ledger
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.tracker import ScoredWeights, TrialLabel


def query(store: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store / "mlflow.db")) as connection:
        return connection.execute(sql).fetchall()


RUNS = (
    "SELECT e.name, r.name, r.status, r.start_time, r.end_time FROM runs r "
    "JOIN experiments e USING (experiment_id) WHERE r.lifecycle_stage = 'active' ORDER BY 1, 2"
)
VALUES = (
    "SELECT r.name, m.key, m.step, m.timestamp, m.value FROM runs r JOIN metrics m USING (run_uuid)"
)


def test_studies_and_external_checkpoints_come_back(command: Command, tmp_path: Path) -> None:
    store = make_store(tmp_path / "mlflow_runs")
    kept = ExternalScores(study="peers", name="kept.pth", key="0f3a", record=make_record())
    keep_external_scores(kept, store)
    # One that only MLflow has, as stores of before have it.
    tracker = MlflowTracker(store)
    label = TrialLabel("peers", "old.pth", None, "0f3b")
    tracker.show(ScoredWeights(label, make_record()))
    tracker.close()
    ended = command("mlflow", "rebuild")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("rebuilt from 1 study, 0 searches and 2 external checkpoints\n")
    assert [row[:3] for row in query(store, RUNS)] == [
        *((STUDY, f"no-lvar · {end}", "FINISHED") for end in ("all seeds", "seed 1")),
        *((STUDY, f"tiny · {end}", "FINISHED") for end in ("all seeds", "seed 1", "seed 2")),
        *(("peers", f"{name}.pth · external checkpoint", "FINISHED") for name in ("kept", "old")),
    ]
    notes = dict(query(store, "SELECT r.name, t.value FROM runs r JOIN tags t USING (run_uuid) "
                       "WHERE t.key = 'mlflow.note.content'"))  # fmt: skip
    assert "2 seeds" in notes["tiny · all seeds"]
    counts = dict(query(store, "SELECT m.key, m.value FROM latest_metrics m JOIN runs r "
                        "USING (run_uuid) WHERE r.name = 'tiny · all seeds'"))  # fmt: skip
    assert (counts["seeds"], counts["images/Set5"], counts["images/Urban 100_x"]) == (2, 2, 2)
    files = {path.name for path in store.glob("mlflow_artifacts/*/artifacts/*")}
    assert {"config.yaml", "result.json", "report.html", "effects.png", "scores.json"} <= files

    # A second one gives the same, and the artifacts of the first are gone.
    before = query(store, RUNS), sorted(query(store, VALUES))
    (store / "mlflow.db").unlink()
    assert command("mlflow", "rebuild").code == 0
    assert (query(store, RUNS), sorted(query(store, VALUES))) == before
    ids = {run_id for (run_id,) in query(store, "SELECT run_uuid FROM runs")}
    assert command("mlflow", "rebuild").code == 0
    shown = {path.name for path in (store / "mlflow_artifacts").iterdir()}
    assert not shown & ids
    assert shown >= {run_id for (run_id,) in query(store, "SELECT run_uuid FROM runs")}


def test_a_search_comes_back_with_what_it_has_stopped(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "mlflow_runs"
    fake = Fake()
    state = run(settings(space=with_rungs()), 8, fake)
    start_record(replace_name(state.record, "mine"), store)
    ledger = Ledger(store)
    # Under keys of an earlier version: a search keeps none, and rebuilds by what was run.
    for config, result in fake.ledger.items():
        ledger.record(as_run(config, result))
    for (config, _), result in fake.paused.items():
        ledger.keep_stopped(as_run(config, result))
    monkeypatch.setattr(
        "workbench.reporting.search_summary.search_page", lambda _: ""
    )  # takes seconds
    monkeypatch.setattr("workbench.reporting.search_summary._figures", lambda _: {})
    ended = command("mlflow", "rebuild")
    assert (ended.code, ended.err) == (0, "")
    rows = query(store, "SELECT t.value, count(*) FROM runs r JOIN tags t USING (run_uuid) "
                 "WHERE t.key = 'workbench.state' AND r.name LIKE 't0%' GROUP BY 1")  # fmt: skip
    pruned = len(state.record.stopped())
    assert dict(rows) == {TrialState.COMPLETE: len(state.results), TrialState.PRUNED: pruned}
    assert [row[1] for row in query(store, RUNS) if "all seeds" in row[1]] == ["search · all seeds"]


def as_run(text: str, result: TrialResult) -> TrialResult:
    """Return a result of the made-up search as a real one: with its own config and key."""
    config = TrialConfig.parse(json.loads(text[:-1]) | {"seed": int(text[-1])})
    key = hashlib.sha256(text.encode()).hexdigest()
    return result.model_copy(update={"config": config, "key": key})


def replace_name(record: Any, name: str) -> Any:
    return record.model_copy(update={"name": name})


def test_what_is_damaged_is_named_and_the_rest_is_shown(command: Command, tmp_path: Path) -> None:
    store = make_store(tmp_path / "mlflow_runs")
    (store / "studies" / "damaged.json").write_text("{")
    ended = command("mlflow", "rebuild")
    assert ended.code == 0
    assert "left out: study damaged (" in ended.err
    assert len(query(store, RUNS)) == 5


def test_without_a_store_it_is_one_line(command: Command, tmp_path: Path) -> None:
    ended = command("mlflow", "rebuild", "--store", "nowhere")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: nowhere: no such folder; name the store with --store\n"
    assert list(tmp_path.iterdir()) == []
