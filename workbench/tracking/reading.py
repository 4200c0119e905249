"""Reading a SQLite file without leaving a trace: no lock, no log, no file beside it.

SQLite itself, asked to read only, still creates a log and its index beside a database that uses
write-ahead logging, and fails where it cannot. Reports must work on a store that cannot be written.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from workbench.tracking.database import LOGS

_TRIES = 5
_TIMEOUT_S = 10

Rows = list[tuple[Any, ...]]


def read_rows(database: Path, query: str, values: Sequence[str] = ()) -> Rows:
    """Return the rows of a query.

    Args:
        database: The file; other processes may write it meanwhile.
        query: In SQL.
        values: For its question marks.

    Raises:
        sqlite3.Error: If it is no database, or the query does not fit it.
        OSError: If it cannot be read.
    """
    for _ in range(_TRIES):
        wal, index, journal = (database.with_name(f"{database.name}{end}") for end in LOGS)
        if index.exists() or journal.exists():  # another process has it open, or was killed
            try:
                return _rows(database, "mode=ro", query, values)
            except sqlite3.OperationalError:
                return _rows_of_copy(database, query, values)
        if _size(wal):
            return _rows_of_copy(database, query, values)
        # No process has it open, so nothing needs a lock. If one has opened it since, its changes
        # may have been read by halves, and the query is repeated.
        before = _version(database)
        try:
            found = _rows(database, "immutable=1", query, values)
        except sqlite3.DatabaseError:
            if before == _version(database):
                raise
            continue
        if before == _version(database) and not _size(wal):
            return found
    return _rows(database, "mode=ro", query, values)


def _rows(database: Path, mode: str, query: str, values: Sequence[str]) -> Rows:
    address = f"{database.absolute().as_uri()}?{mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=_TIMEOUT_S)) as connection:
        return connection.execute(query, values).fetchall()


def _rows_of_copy(database: Path, query: str, values: Sequence[str]) -> Rows:
    """Read a database whose log must be worked in first, which needs a folder to write to."""
    with tempfile.TemporaryDirectory() as folder:
        for end in ("", *LOGS):
            file = database.with_name(f"{database.name}{end}")
            if end != "-shm" and file.exists():
                shutil.copyfile(file, Path(folder, file.name))
        return _rows(Path(folder, database.name), "mode=rw", query, values)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _version(database: Path) -> tuple[int, int, int]:
    found = database.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
