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
from workbench.system.events import Emit, ignore
from workbench.tables.common import check_table
from workbench.tables.files import is_table, read_table, table_size_bytes, write_table
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
    before = _existing(out, spec)
    name = before.name if before else out.resolve().name
    found = stored_table(spec.sources, store, name) if spec.sources else None
    if before is None:
        assert found is not None, "checked by _existing"
        table = found
    else:
        table = merged(before, found) if found else before
    table = with_space(replace(table, licence=spec.licence or table.licence), spec.space, emit)
    check_table(table)  # before anything is measured
    if spec.latency is not None:
        table = _timed(table, spec.latency, emit)
    if spec.proxies is not None:
        table = _with_proxies(table, found, spec.proxies, store, emit)
    table = write_table(table, out)
    kept = len(before.results) if before else 0
    return WrittenTable(table, len(table.results) - kept, kept, table_size_bytes(out))


def _existing(out: Path, spec: TableSpec) -> TrialTable | None:
    """Return the table that is in the folder, None for an absent or empty folder."""
    if is_table(out):
        return read_table(out)
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out must be a folder, got the file {out}")
    if out.exists() and any(out.iterdir()):
        raise ConfigError(
            f"--out must be a folder that is absent, empty or a table, and {out} holds other files"
        )
    if not spec.sources:
        raise ConfigError(f"there is no table in {out} yet; name a study or a search to write")
    return None


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
