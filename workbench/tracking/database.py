"""The SQLite file with MLflow's view of a store: where it is and how it is made. No mlflow.

It is written by several drivers at once and read by the UI, so it uses SQLite's write-ahead log.
It holds nothing that the ledger does not: deleting it costs time, not results.
"""

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from workbench.errors import StoreError, writing_to
from workbench.store.store import Store
from workbench.system.locks import LockHeldError, lock_beside, locked
from workbench.tracking.mlflow_tables import move_artifacts

_LOCK_TIMEOUT_S = 180
_PROBE_BYTES = 65_536
_ROOT_REASON = re.compile(
    r"\[Errno -?\d+\] ([^'\")\]]+)"  # of the operating system, as in requests' errors
    r"|\(sqlite3\.\w+\) ([^\[(]+)"  # of SQLite, as in SQLAlchemy's errors
)
LOGS = ("-wal", "-shm", "-journal")
"""What SQLite adds to the name of a database for the files beside it."""


def database_path(store: Path) -> Path:
    """Return where a store has its MLflow database."""
    return Store(store).mlflow_database


def artifacts_path(store: Path) -> Path:
    """Return where a store has the files that its MLflow runs show."""
    return Store(store).mlflow_artifacts


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
    lock = lock_beside(database)
    try:
        with writing_to(database.parent), locked(lock, timeout_s=_LOCK_TIMEOUT_S):
            if not database.exists():
                _create(database, artifacts, create)
            if artifacts:
                move_artifacts(database, artifacts)
    except LockHeldError:
        raise StoreError(
            f"another process has held {lock} for {_LOCK_TIMEOUT_S} s; "
            "stop it and run the same command again"
        ) from None
    except sqlite3.Error as error:
        raise broken_database(database, str(error)) from error


def broken_database(database: Path, reason: str) -> StoreError:
    """Return the error for a database that MLflow or SQLite refuses."""
    return StoreError(
        f"cannot use the MLflow database {database}: {reason}; fix this, or move the file away "
        "(it only shows the finished trials, and rerunning the same command rebuilds it)"
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


def remove_logs(database: Path) -> None:
    """Remove what is left of a database that was deleted or is replaced.

    SQLite would take its write-ahead log for the log of the new file, and spoil that.
    """
    for end in LOGS:
        database.with_name(f"{database.name}{end}").unlink(missing_ok=True)


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
        remove_logs(database)
        new.replace(database)
