"""The SQLite file that holds MLflow's view of a store: where it is, how it comes to be. No mlflow.

It is written by several drivers at once and read by the UI, so it uses SQLite's write-ahead log.
It holds nothing that the ledger does not: whoever deletes it loses time, not results.
"""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from workbench.errors import StoreError, writing_to

_LOCK_TIMEOUT_S = 180
_PROBE_BYTES = 65_536
_ROOT_REASON = re.compile(
    r"\[Errno -?\d+\] ([^'\")\]]+)"  # of the operating system, as in requests' errors
    r"|\(sqlite3\.\w+\) ([^\[(]+)"  # of SQLite, as in SQLAlchemy's errors
)
_ARTIFACTS = "mlflow_artifacts"


def database_path(store: Path) -> Path:
    """Return where a store has its MLflow database."""
    return store.resolve() / "mlflow.db"


def artifacts_path(store: Path) -> Path:
    """Return where a store has the files that its MLflow runs show."""
    return store.resolve() / _ARTIFACTS


def sqlite_address(database: Path) -> str:
    """Return a database file as MLflow's tracking URI."""
    return f"sqlite:///{database}"


def sqlite_file(tracking_uri: str) -> Path | None:
    """Return the file behind a tracking URI, None if it is something else or more than a file."""
    path = tracking_uri.removeprefix("sqlite:///")
    return None if path == tracking_uri or "?" in path else Path(path).resolve()


def prepare_database(
    database: Path, artifacts: Path | None, create: Callable[[str, str], None]
) -> None:
    """Make sure that a database is complete and can be written.

    Args:
        database: The file; its folder is created too.
        artifacts: Where its runs keep files; None leaves that to MLflow.
        create: Called as `create(address, artifacts)` to make the tables of a new database.

    Raises:
        StoreError: If it cannot be written, or another process holds its lock for minutes.
    """
    if any(sign in str(database) for sign in "?%"):  # they would be read as parts of an address
        raise StoreError(f"the path of an MLflow database must not hold ? or %, got {database}")
    with writing_to(database.parent):
        database.parent.mkdir(parents=True, exist_ok=True)
        _probe(database.parent)
    lock = FileLock(f"{database}.lock", timeout=_LOCK_TIMEOUT_S)
    try:
        with writing_to(database.parent), lock:
            if not database.exists():
                _create(database, artifacts, create)
            if artifacts:
                _follow_moved_store(database, artifacts)
    except Timeout:
        raise StoreError(
            f"another process has held {lock.lock_file} for {_LOCK_TIMEOUT_S} s; "
            "stop it and run the same command again"
        ) from None
    except sqlite3.Error as error:
        raise broken_database(database, str(error)) from error


def broken_database(database: Path, reason: str) -> StoreError:
    """Return the error for a database that MLflow or SQLite refuses."""
    return StoreError(
        f"cannot use the MLflow database {database}: {reason}; mend this, or move the file away "
        "(it only shows the finished trials, and the same command builds it anew)"
    )


def unusable_server(address: str, reason: str) -> StoreError:
    """Return the error for a tracking URI that does not work, without the password in it."""
    parts = urlsplit(address)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return StoreError(
        f"cannot use MLflow at {shown}: {reason}; start that server, or leave out "
        "--tracking-uri (MLFLOW_TRACKING_URI) to use the store"
    )


def reason_of(error: Exception) -> str:
    """Return the root of a failure in one line; MLflow wraps it in the story of how it came."""
    text = " ".join(str(error).split())
    found = _ROOT_REASON.search(text)
    reason = next(part for part in found.groups() if part).strip() if found else text
    return reason if len(reason) <= 200 else f"{reason[:200].strip()}…"


def fold_log(database: Path) -> None:
    """Move the write-ahead log into the file itself, which can then be copied alone."""
    with closing(sqlite3.connect(database, timeout=5)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _probe(folder: Path) -> None:
    """Fail now rather than hours later if nothing can be written."""
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(bytes(_PROBE_BYTES))
        probe.flush()
        os.fsync(probe.fileno())


def _create(database: Path, artifacts: Path | None, create: Callable[[str, str], None]) -> None:
    """Build the tables beside the final name, so that a kill leaves no half-made database.

    Under a lock, because MLflow's migrations fail when two processes run them at once.
    """
    for leftover in database.parent.glob(f"{database.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{database.name}.new-", dir=database.parent) as folder:
        new = Path(folder, database.name)
        create(sqlite_address(new), artifacts.as_uri() if artifacts else "./mlruns")
        with closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        new.replace(database)


def _follow_moved_store(database: Path, artifacts: Path) -> None:
    """Point the artifacts at where the store is now: MLflow keeps absolute addresses."""
    here = artifacts.as_uri()
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            end = f"instr({column}, '/{_ARTIFACTS}')"
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, {end} + ?) "
                f"WHERE {end} > 0 AND substr({column}, 1, ?) != ?",
                (here, len(_ARTIFACTS) + 1, len(here), here),
            )


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


_RUNS = """
SELECT r.run_uuid, r.experiment_id, study.value, variant.value, seed.value, trial.value,
       r.start_time
FROM runs r
JOIN tags trial ON trial.run_uuid = r.run_uuid AND trial.key = 'workbench.key'
JOIN tags study ON study.run_uuid = r.run_uuid AND study.key = 'workbench.study'
JOIN tags variant ON variant.run_uuid = r.run_uuid AND variant.key = 'workbench.variant'
JOIN tags seed ON seed.run_uuid = r.run_uuid AND seed.key = 'workbench.seed'
WHERE r.lifecycle_stage = 'active' AND {condition}
ORDER BY r.start_time, r.run_uuid
"""


def known_runs(
    database: Path, study: str | None = None, key: str | None = None, run: str | None = None
) -> list[KnownRun]:
    """Return runs by study, by trial or by their own id, the oldest first, without loading MLflow.

    Loading MLflow takes longer than reading ten thousand runs. Its tables have been these since
    its first release; should they change, the answer is an error and never a wrong run.

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
        # Read only: whoever looks must not create or change anything.
        address = f"{database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            rows = connection.execute(_RUNS.format(condition=condition), [*conditions.values()])
            return [
                KnownRun(one, str(experiment), name, variant, seed, trial, int(started or 0))
                for one, experiment, name, variant, seed, trial, started in rows
            ]
    except sqlite3.Error as error:
        raise broken_database(database, reason_of(error)) from None


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
