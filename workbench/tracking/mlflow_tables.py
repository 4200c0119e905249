"""MLflow's own tables in a database file. Only this file names them.

MLflow's client could answer the same questions, but loading it takes seconds, which a comparison or
a rebuild need not wait for; and it cannot change where an experiment has its artifacts, which a
store that was moved needs. The tables have been these since MLflow 1; should they change, SQLite
refuses the query, so that no wrong run is ever shown.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

RUNS = """
SELECT r.run_uuid, r.experiment_id, study.value, variant.value, seed.value, trial.value,
       r.start_time, state.value
FROM runs r
JOIN tags trial ON trial.run_uuid = r.run_uuid AND trial.key = 'workbench.key'
JOIN tags study ON study.run_uuid = r.run_uuid AND study.key = 'workbench.study'
JOIN tags variant ON variant.run_uuid = r.run_uuid AND variant.key = 'workbench.variant'
JOIN tags seed ON seed.run_uuid = r.run_uuid AND seed.key = 'workbench.seed'
LEFT JOIN tags state ON state.run_uuid = r.run_uuid AND state.key = 'workbench.state'
WHERE r.lifecycle_stage = 'active' AND {condition}
ORDER BY r.start_time, r.run_uuid
"""
"""Runs that the workbench has written, the oldest first. `{condition}` is to be put in."""
_OWN = "run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'workbench.key')"
RUN_IDS = "SELECT run_uuid FROM runs"
OWN_RUN_IDS = f"SELECT run_uuid FROM runs WHERE {_OWN}"
OTHER_RUN_NAMES = f"SELECT name FROM runs WHERE NOT {_OWN}"
"""Names of the runs that the workbench has not written."""


def move_artifacts(database: Path, artifacts: Path) -> None:
    """Point experiments and runs at where the store is now: MLflow keeps absolute addresses.

    Args:
        database: The file, which no process is replacing.
        artifacts: The store's folder of artifacts.

    Raises:
        sqlite3.Error: If it is no database of MLflow, or cannot be written.
    """

    def moved(address: str | None) -> str | None:
        # The last folder of this name is the store's: one above it may be called the same.
        before, found, rest = (address or "").rpartition(f"/{artifacts.name}")
        ours = found and before.startswith("file:") and rest[:1] in ("", "/")
        return f"{artifacts.as_uri()}{rest}" if ours else address

    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        connection.create_function("moved", 1, moved, deterministic=True)
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            wrong = f"{column} != moved({column})"
            if connection.execute(f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1").fetchone():
                connection.execute(f"UPDATE {table} SET {column} = moved({column}) WHERE {wrong}")
