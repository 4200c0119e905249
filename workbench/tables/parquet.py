"""Columns to the bytes of a Parquet file and back: the one door to pyarrow."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workbench.errors import StoreError
from workbench.tables.columns import Column, Kind

_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "whole": pa.int64(),
    "number": pa.float64(),
}
_LEVEL = 12
"""Of zstd: files are written once, and published."""

Values = Mapping[str, Sequence[Any]]
"""By column, a value a row."""


def encode(columns: Sequence[Column], values: Values) -> bytes:
    """Return a Parquet file, compressed with zstd; equal values give equal bytes.

    Args:
        columns: All columns; their texts become metadata of the fields.
        values: Of every column.
    """
    schema = pa.schema(
        [
            pa.field(
                one.name,
                _TYPES[one.kind],
                nullable=one.optional,
                metadata={"description": one.text},
            )
            for one in columns
        ]
    )
    arrays = [pa.array(values[one.name], _TYPES[one.kind]) for one in columns]
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        sink,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=[one.name for one in columns if one.kind == "text"],
        use_byte_stream_split=[one.name for one in columns if one.kind == "number"],
    )
    return bytes(sink.getvalue().to_pybytes())


def decode(columns: Sequence[Column], content: bytes, where: str) -> dict[str, list[Any]]:
    """Return the values of a Parquet file by column; columns that are not asked for are left out.

    Args:
        columns: What the file must have.
        content: The file.
        where: What an error calls it.

    Raises:
        StoreError: If it is no Parquet file, or a column is missing, of another type, or has a row
            without the value that it must have.
    """
    try:
        found = pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise StoreError(f"{where}: no Parquet file that can be read ({reason})") from None
    values = {}
    for one in columns:
        if one.name not in found.column_names:
            raise StoreError(f"{where}: the column {one.name!r} is missing")
        column = found.column(one.name)
        if column.type != _TYPES[one.kind]:
            raise StoreError(
                f"{where}: the column {one.name!r} must be {_TYPES[one.kind]}, got {column.type}"
            )
        if column.null_count and not one.optional:
            raise StoreError(f"{where}: the column {one.name!r} must have a value in every row")
        values[one.name] = column.to_pylist()
    return values
