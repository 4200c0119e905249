"""Parquet files that a table may have: what was measured of its networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.config.base import Frozen
from workbench.errors import ConfigError, StoreError
from workbench.proxies.kinds import ProxyValue
from workbench.tables.columns import LATENCIES, PROXY_VALUES, Column
from workbench.tables.latency import NetworkLatency
from workbench.tables.table import TrialTable


@dataclass(frozen=True)
class OptionalFile:
    """A Parquet file that is written if the table has a row for it."""

    name: str
    field: str
    """Of `TrialTable`: a tuple of records."""
    record: type[Frozen]
    """Of a row: its fields are the columns."""
    columns: tuple[Column, ...]
    text: str
    """What a row is, for the data card."""

    def rows(self, table: TrialTable) -> list[dict[str, Any]]:
        """Return the rows that a table has for the file."""
        return [one.plain() for one in getattr(table, self.field)]

    def records(self, columns: Mapping[str, Sequence[Any]], where: str) -> tuple[Frozen, ...]:
        """Return the records of the file's columns.

        Raises:
            StoreError: Naming the row that cannot be one.
        """
        found = []
        for number, values in enumerate(zip(*columns.values(), strict=True), start=1):
            row = dict(zip(columns, values, strict=True))
            try:
                found.append(self.record.parse(row))
            except ConfigError as error:
                raise StoreError(f"{where}: row {number}: {error}") from None
        return tuple(found)


OPTIONAL_FILES = (
    OptionalFile(
        "latencies.parquet",
        "latencies",
        NetworkLatency,
        LATENCIES,
        "a row a network, device and size of the image",
    ),
    OptionalFile(
        "proxies.parquet",
        "proxies",
        ProxyValue,
        PROXY_VALUES,
        "a row a network, seed and proxy of its initial weights",
    ),
)
