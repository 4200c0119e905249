"""A table on disk: Parquet files, and `table.json` with their digests.

`table.json` decides which content is the table's. New Parquet files are written beside the old
ones, under names with their digests; then `table.json` is replaced at once; then the files get
their names. So a reader finds the old table or the new one, whenever a writer was killed.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError, StoreError, reason_of, writing_file
from workbench.system.digests import sha256
from workbench.system.files import write_atomically
from workbench.system.locks import lock_beside, locked
from workbench.system.progress import Waiting
from workbench.tables.anonymous import published
from workbench.tables.card import FILE as CARD
from workbench.tables.card import card
from workbench.tables.columns import CURVES, SCORES, TRIALS, Column, mean_columns
from workbench.tables.common import check_table
from workbench.tables.header import (
    FILE,
    Header,
    benchmarks_of,
    environments_of,
    header_of,
    read_header,
    write_header,
)
from workbench.tables.optional import OPTIONAL_FILES
from workbench.tables.rebuilding import Columns, trials_of
from workbench.tables.rows import by_column, curve_rows, score_rows, trial_rows
from workbench.tables.table import TrialTable

TRIALS_FILE, CURVES_FILE, SCORES_FILE = "trials.parquet", "curves.parquet", "scores.parquet"
ALL_FILES = (TRIALS_FILE, CURVES_FILE, SCORES_FILE, *(one.name for one in OPTIONAL_FILES))
_DIGITS = 16
"""Of a digest, in the name of a file that waits for its place."""


def is_table(folder: Path) -> bool:
    """Return whether a folder holds a table, damaged or not."""
    return (folder / FILE).is_file()


@contextmanager
def table_lock(folder: Path, waiting: Waiting) -> Iterator[None]:
    """Hold a table for this process, from reading what is there to writing it.

    The lock lies beside the folder, which holds only what is published. Where nothing can be
    written beside it, as with a folder that is mounted alone, the table is not locked.

    Args:
        folder: Of the table; it may be absent.
        waiting: Called about once a second while another process holds the table; it may raise to
            give up.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(locked(lock_beside(folder.resolve()), waiting=waiting))
        yield


def write_table(table: TrialTable, folder: Path) -> TrialTable:
    """Write a table, or put it in place of the one that is there.

    What is of one machine or private is left out: folders of images, uncommitted changes of the
    source code, and what processes used. Other files of the folder stay.

    A caller that adds to a table holds `table_lock` from reading it on.

    Args:
        table: With at least one trial.
        folder: Created where it is absent.

    Returns:
        The table as it is written, which `read_table` gives back.

    Raises:
        ConfigError: If the table has no trial, or trials that do not belong together.
        StoreError: If it cannot be written. The old table is then as it was.
    """
    check_table(table)
    shown = replace(table, results=tuple(map(published, table.results)))
    contents = _contents(shown)
    header = header_of(shown, {name: sha256(content) for name, content in contents.items()})
    for name, content in contents.items():
        if _bytes(folder / name) != content:
            write_atomically(_waiting(folder, name, header.files[name]), content)
    write_atomically(folder / FILE, write_header(header))
    with writing_file(folder):
        _put_in_place(folder, header.files)
    write_atomically(folder / CARD, card(shown).encode())
    return shown


def read_table(folder: Path) -> TrialTable:
    """Read a table, and check all of it.

    Raises:
        ConfigError: If there is no table.
        StoreError: If a file is missing or damaged, or a newer workbench has written it.
    """
    if not is_table(folder):
        what = "there is no such folder" if not folder.is_dir() else f"it has no {FILE}"
        raise ConfigError(
            f"{folder}: no table of trials: {what}; "
            f"`workbench table STUDY --out {folder}` writes one"
        )
    where = str(folder / FILE)
    header = read_header(_bytes(folder / FILE) or b"", where)
    named = (TRIALS_FILE, CURVES_FILE, SCORES_FILE)
    columns = {
        name: _columns(folder, header, name, wanted)
        for name, wanted in zip(named, (TRIALS, CURVES, SCORES), strict=True)
    }
    results = trials_of(header, *(columns[name] for name in named), where=str(folder))
    names = dict(zip(columns[TRIALS_FILE]["network"], columns[TRIALS_FILE]["name"], strict=True))
    optional: dict[str, Any] = {
        one.field: one.records(
            _columns(folder, header, one.name, one.columns), str(folder / one.name)
        )
        for one in OPTIONAL_FILES
        if one.name in header.files
    }
    return TrialTable(
        name=header.name,
        results=results,
        names=names,
        space=header.space,
        space_name=header.space_name,
        studies=header.studies,
        images=header.images,
        licence=header.licence,
        **optional,
    )


def table_size_bytes(folder: Path) -> int:
    """Return the bytes of the Parquet files of a table."""
    return sum((folder / name).stat().st_size for name in ALL_FILES if (folder / name).is_file())


def _contents(table: TrialTable) -> dict[str, bytes]:
    """Return the Parquet files of a table by name."""
    from workbench.tables.parquet import encode

    benchmarks = tuple(one.dataset for one in benchmarks_of(table.results))
    environments = environments_of(table.results)
    columns = (*TRIALS, *mean_columns(benchmarks))
    files = {
        TRIALS_FILE: (columns, trial_rows(table, environments, benchmarks)),
        CURVES_FILE: (CURVES, curve_rows(table.results)),
        SCORES_FILE: (SCORES, score_rows(table.results)),
    }
    for one in OPTIONAL_FILES:
        rows = one.rows(table)
        if rows:
            files[one.name] = (one.columns, rows)
    return {
        name: encode(wanted, by_column(rows, [one.name for one in wanted]))
        for name, (wanted, rows) in files.items()
    }


def _columns(folder: Path, header: Header, name: str, wanted: tuple[Column, ...]) -> Columns:
    """Return the columns of a Parquet file, after a check of its digest.

    Raises:
        StoreError: If it is missing, damaged, or lacks a column.
    """
    from workbench.tables.parquet import decode

    if name not in header.files:
        raise StoreError(f"{folder / FILE}: {name} is missing in `files`")
    return decode(wanted, _checked(folder, name, header.files[name]), str(folder / name))


def _checked(folder: Path, name: str, digest: str) -> bytes:
    found = [_bytes(folder / name), _bytes(_waiting(folder, name, digest))]
    for content in found:
        if content is not None and sha256(content) == digest:
            return content
    if found == [None, None]:
        raise StoreError(
            f"{folder / name}: missing, though {FILE} names it; restore it from a copy"
        )
    raise StoreError(
        f"{folder / name}: damaged: its SHA-256 is not the one in {FILE}; restore it from a copy"
    )


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {reason_of(error)}") from None


def _waiting(folder: Path, name: str, digest: str) -> Path:
    return folder / f".{name}.{digest[:_DIGITS]}"


def _put_in_place(folder: Path, files: Mapping[str, str]) -> None:
    """Give new files their names, and remove those that no longer belong to the table."""
    for name, digest in files.items():
        waiting = _waiting(folder, name, digest)
        if waiting.exists():
            waiting.replace(folder / name)
    for name in ALL_FILES:
        if name not in files:
            (folder / name).unlink(missing_ok=True)
        for left in folder.glob(f".{name}.{'?' * _DIGITS}"):
            left.unlink()
