"""Which runs a database file of MLflow holds, read without MLflow."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from workbench.tracking.database import broken_database, reason_of
from workbench.tracking.mlflow_tables import RUNS
from workbench.tracking.reading import read_rows


@dataclass(frozen=True)
class KnownRun:
    """A run in a database file."""

    run_id: str
    experiment_id: str
    study: str
    variant: str
    seed: str
    key: str
    started_ms: int
    state: str
    """How its trial ended, or `running` or `interrupted`."""


def known_runs(
    database: Path, study: str | None = None, key: str | None = None, run: str | None = None
) -> list[KnownRun]:
    """Return runs by study, by trial or by their own id, the oldest first, without loading MLflow.

    Loading MLflow takes longer than reading ten thousand runs.

    Args:
        database: The file; without one there are no runs.
        study: Only its runs.
        key: Only runs of this trial.
        run: Only the run of this id.

    Raises:
        StoreError: If the file is no database of MLflow.
    """
    if not database.exists():
        return []
    given = {"study.value": study, "trial.value": key, "r.run_uuid": run}
    conditions = {column: value for column, value in given.items() if value is not None}
    condition = " AND ".join(f"{column} = ?" for column in conditions) or "1"
    try:
        rows = read_rows(database, RUNS.format(condition=condition), [*conditions.values()])
    except (sqlite3.Error, OSError) as error:
        raise broken_database(database, reason_of(error)) from None
    return [
        KnownRun(one, str(experiment), name, variant, seed, trial, int(started or 0), state or "")
        for one, experiment, name, variant, seed, trial, started, state in rows
    ]


@dataclass(frozen=True)
class DatabaseRuns:
    """The runs of a database file, read without MLflow."""

    database: Path

    def runs(self, study: str) -> list[KnownRun]:
        """Return the runs of a study, the oldest first."""
        return known_runs(self.database, study=study)

    def runs_of(self, key: str) -> list[KnownRun]:
        """Return the runs of a trial in all studies, the oldest first."""
        return known_runs(self.database, key=key)

    def run(self, run_id: str) -> KnownRun | None:
        """Return a run by MLflow's id, None if there is none."""
        return next(iter(known_runs(self.database, run=run_id)), None)
