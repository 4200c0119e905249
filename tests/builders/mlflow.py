"""Builders of tests: MLflow's database, row by row."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.tracking.conftest import (
    make_label,
    make_result,
)
from workbench.results import TrialState
from workbench.tracking.tracker import Tracker


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


def show_whole_trial(tracker: Tracker, state: TrialState = TrialState.COMPLETE) -> None:
    label = make_label()
    result = make_result(label, state)
    tracker.trial_started(label, result.config)
    for point in result.curve:
        tracker.validated(label, point)
    tracker.trial_ended(label, result)
