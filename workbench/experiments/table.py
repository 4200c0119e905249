"""What `workbench table` does: writes the trials of studies and searches as a table. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.errors import ConfigError
from workbench.experiments.proxies import (
    EMBEDDED,
    ProxySpec,
    measure_proxies,
    proxy_images,
)
from workbench.experiments.table_sources import stored_table
from workbench.experiments.table_space import with_space
from workbench.results import TrialState
from workbench.system.events import Emit, Note, ignore
from workbench.system.progress import Waiting
from workbench.tables.common import check_table
from workbench.tables.files import (
    is_table,
    read_table,
    table_lock,
    table_size_bytes,
    write_table,
)
from workbench.tables.merging import merged, with_latencies
from workbench.tables.table import TrialTable


@dataclass(frozen=True)
class LatencySpec:
    """How the networks of a table are timed."""

    width_lr_px: int = 128
    height_lr_px: int = 128
    rounds: int = 9
    """How often each network is timed, at least 1."""
    device: str = "cpu"
    """`cpu`, `cuda` or `cuda:N`."""


@dataclass(frozen=True)
class TableSpec:
    """What is written into a table."""

    sources: Sequence[str]
    """Names of studies and searches; none for a table that is there."""
    licence: str = ""
    """Of the images, as the user states it; empty leaves what the table states."""
    space: str | None = None
    """Name of the search space of its networks, `A+B` for several; None finds it out."""
    latency: LatencySpec | None = None
    """None measures nothing; what the table has stays."""
    proxies: ProxySpec | None = None
    """None computes none; what the table has stays."""


@dataclass(frozen=True)
class WrittenTable:
    """A table that was written."""

    table: TrialTable
    added: int
    """Trials that were not in it before."""
    kept: int
    """Trials that were in it before."""
    size_bytes: int
    """Of its Parquet files."""


def make_table(spec: TableSpec, store: Path, out: Path, emit: Emit = ignore) -> WrittenTable:
    """Write the finished trials of studies and searches to a folder, or add them to its table.

    Several processes may add to one table: each waits until the one before it has written.

    Args:
        spec: What is written.
        store: The store. Nothing in it is changed.
        out: The folder: absent, empty, or with a table of the same recipe and images.
        emit: Gets notes, and the progress while networks are timed.

    Raises:
        ConfigError: For an unknown study, trials that do not belong into one table, or a folder
            that holds other files.
        WorkbenchError: If a study has no finished trial.
        StoreError: If a record or the table is damaged, or the folder cannot be written.
    """
    _check_folder(out, spec)
    found = stored_table(spec.sources, store, out.resolve().name) if spec.sources else None
    with table_lock(out, _saying_once(out, emit)):
        _check_folder(out, spec)  # another process may have written to it
        before = read_table(out) if is_table(out) else None
        table = _joined(before, found)
        table = with_space(replace(table, licence=spec.licence or table.licence), spec.space, emit)
        check_table(table)  # before anything is measured
        if spec.latency is not None:
            table = _timed(table, spec.latency, emit)
        if spec.proxies is not None:
            table = _with_proxies(table, found, spec.proxies, store, emit)
        table = write_table(table, out)
        size_bytes = table_size_bytes(out)
    kept = len(before.results) if before else 0
    return WrittenTable(table, len(table.results) - kept, kept, size_bytes)


def _joined(before: TrialTable | None, found: TrialTable | None) -> TrialTable:
    if before is not None and found is not None:
        return merged(before, found)
    table = before or found
    assert table is not None, "checked by _check_folder"
    return table


def _saying_once(out: Path, emit: Emit) -> Waiting:
    """Return a function that says when it is first called that another process has the table."""
    said = False

    def waiting() -> None:
        nonlocal said
        if not said:
            emit(Note(f"another process is writing the table {out}; waiting until it is done"))
        said = True

    return waiting


def _check_folder(out: Path, spec: TableSpec) -> None:
    """Refuse a folder that is neither absent, empty nor a table.

    Raises:
        ConfigError: Naming it; also if it has no table and no study is named to write.
    """
    if is_table(out):
        return
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out must be a folder, got the file {out}")
    if out.exists() and any(out.iterdir()):
        raise ConfigError(
            f"--out must be a folder that is absent, empty or a table, and {out} holds other files"
        )
    if not spec.sources:
        raise ConfigError(f"there is no table in {out} yet; name a study or a search to write")


def _with_proxies(
    table: TrialTable,
    found: TrialTable | None,
    spec: ProxySpec,
    store: Path,
    emit: Emit,
) -> TrialTable:
    """Compute the proxies that a table lacks; all of them if the user names images.

    Args:
        table: The table.
        found: Trials of the store, which know the folders of their images; those of a table do not.
        spec: Images of the crops.
        store: Holds the source of networks of one's own.
        emit: Gets the progress.
    """
    images = proxy_images(spec.data) or (() if found else EMBEDDED)
    wanted = found.results if found and not spec.data else table.results
    known = () if spec.data else table.proxies
    complete = [one for one in wanted if one.state is TrialState.COMPLETE]
    measured = measure_proxies(complete, store=store, images=images, known=known, emit=emit)
    return replace(table, proxies=measured)


def _timed(table: TrialTable, spec: LatencySpec, emit: Emit) -> TrialTable:
    from workbench.experiments.table_latency import measured_latencies  # loads torch

    size = (spec.width_lr_px, spec.height_lr_px)
    measured = measured_latencies(table, size, spec.rounds, spec.device, emit)
    return replace(table, latencies=with_latencies(table.latencies, measured))
