"""Rebuilds MLflow's view of a store beside the old one, and replaces that.

A kill at any instant leaves the old view, or all of the new one: the database changes by one
rename. Artifacts need none: each run has a folder of its own, named by its id.
"""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from workbench.errors import StoreError, writing_to
from workbench.system.locks import LockHeldError, lock_beside, locked
from workbench.tracking.database import (
    artifacts_path,
    broken_database,
    database_path,
    fold_log,
    remove_logs,
)
from workbench.tracking.mlflow_tables import OTHER_RUN_NAMES, OWN_RUN_IDS, RUN_IDS
from workbench.tracking.reading import read_rows

_LOCK_TIMEOUT_S = 10
_SUPERSEDED = "superseded.json"
"""Ids of the runs whose artifacts go when the new database has taken its place."""


@contextmanager
def replaced_database(store: Path) -> Iterator[Path]:
    """Give the path of a new database; at the end it takes the place of the store's own.

    No process can begin to use the old one meanwhile.

    Args:
        store: The store; there need be no database in it yet.

    Raises:
        StoreError: If a server or a running study has the old one open, if it holds runs that the
            workbench has not written, or if the store cannot be written. The old one is then kept.
    """
    database = database_path(store)
    try:
        with writing_to(store), locked(lock_beside(database), timeout_s=_LOCK_TIMEOUT_S):
            _sweep_leftovers(database)
            old = _own_runs(database)
            _close(database)
            with tempfile.TemporaryDirectory(
                prefix=_prefix(database), dir=database.parent
            ) as folder:
                new = Path(folder, database.name)
                yield new
                fold_log(new)
                Path(folder, _SUPERSEDED).write_text(json.dumps(old))
                _close(database)
                remove_logs(database)
                new.replace(database)
                _remove_artifacts(database, old)
    except LockHeldError:
        raise _in_use(database) from None


def _close(database: Path) -> None:
    """Work the old database's log into it.

    Raises:
        StoreError: If a process has it open.
    """
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database, timeout=1)) as connection:
            # Of all that SQLite offers, only this needs that no other process has it open.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _in_use(database) from None
        raise broken_database(database, str(error)) from None
    except sqlite3.DatabaseError:
        return  # damaged: it is replaced, which is what the user wants


def _in_use(database: Path) -> StoreError:
    return StoreError(
        f"{database} is in use by a running study, a search, workbench ui or another MLflow "
        "server; stop it, and run the same command again"
    )


def _own_runs(database: Path) -> list[str]:
    """Return the ids of the runs that the new database supersedes.

    Raises:
        StoreError: If there are others, which would be lost.
    """
    if not database.exists():
        return []
    try:
        others = read_rows(database, OTHER_RUN_NAMES)
        ours = read_rows(database, OWN_RUN_IDS)
    except sqlite3.DatabaseError:
        return []  # damaged
    if others:
        raise StoreError(
            f"{database} also holds runs that the workbench has not written ({len(others)}, such "
            f"as {others[0][0]!r}), and they cannot be rebuilt; delete them for good (mlflow gc), "
            "or move the file away to keep it"
        )
    return [run for (run,) in ours]


def _prefix(database: Path) -> str:
    """Return how the names of the folders begin in which databases are rebuilt."""
    return f"{database.name}.rebuild-"


def _sweep_leftovers(database: Path) -> None:
    """Remove what a killed rebuild has left."""
    for folder in database.parent.glob(f"{_prefix(database)}*"):
        _remove_artifacts(database, _runs_of_leftover(folder, database.name))
        shutil.rmtree(folder, ignore_errors=True)


def _runs_of_leftover(folder: Path, name: str) -> list[str]:
    """Return the runs whose artifacts nothing needs: new ones, or superseded ones."""
    if (folder / name).exists():  # so the old database is in its place
        try:
            return [run for (run,) in read_rows(folder / name, RUN_IDS)]
        except sqlite3.DatabaseError:
            return []  # killed before it had tables
    try:
        found: list[str] = json.loads((folder / _SUPERSEDED).read_text())
    except (OSError, ValueError):
        return []
    return found


def _remove_artifacts(database: Path, runs: Iterable[str]) -> None:
    """Remove the artifacts of runs that the store's database does not show."""
    shown: set[str] = set()
    if database.exists():
        try:
            shown = {run for (run,) in read_rows(database, RUN_IDS)}
        except sqlite3.DatabaseError:
            return
    for run in set(runs) - shown:
        shutil.rmtree(artifacts_path(database.parent) / run, ignore_errors=True)
