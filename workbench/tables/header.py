"""`table.json`: what the trials of a table have in common, and the digests of its files."""

import json
from typing import Any

from pydantic import Field, ValidationError

from workbench.config.base import Frozen, explain
from workbench.errors import StoreError
from workbench.provenance import Environment
from workbench.results import DatasetScores, MeanScore, Protocol, TrialResult
from workbench.spaces.space import SpaceFile
from workbench.system.digests import DamagedError, seal_json, unseal_json
from workbench.tables.table import TrialTable

FILE = "table.json"
FORMAT = 1
"""Raised when an older workbench could not read a table."""


class Benchmark(Frozen):
    """How the networks of a table were scored on a benchmark."""

    dataset: str
    protocol: Protocol
    bicubic: MeanScore | None
    """Of MATLAB-bicubic upscaling of the same LR images."""

    @classmethod
    def of(cls, scores: DatasetScores) -> "Benchmark":
        """Return what scores have in common with those of other networks."""
        return cls(dataset=scores.dataset, protocol=scores.protocol, bicubic=scores.bicubic)


class Header(Frozen):
    """Content of `table.json`."""

    format: int
    name: str
    studies: tuple[str, ...]
    space_name: str
    space: SpaceFile | None
    licence: str
    """As the user states it; empty if nothing is stated."""
    images: dict[str, str]
    """Content hash of each set of images, by use and name."""
    recipe: dict[str, Any]
    """Of all trials; the `config` of a trial holds it, too."""
    benchmarks: tuple[Benchmark, ...]
    validation_bicubic: MeanScore | None
    environments: tuple[Environment, ...]
    """Where trials ran; the column `environment` of `trials` is an index into it."""
    trials: int
    networks: int
    files: dict[str, str] = Field(min_length=1)
    """SHA-256 of each Parquet file, by its name."""


def header_of(table: TrialTable, files: dict[str, str]) -> Header:
    """Return the header of a table with at least one trial.

    Args:
        table: The table.
        files: SHA-256 of each Parquet file, by its name.
    """
    return Header(
        format=FORMAT,
        name=table.name,
        studies=table.studies,
        space_name=table.space_name,
        space=table.space,
        licence=table.licence,
        images=dict(table.images),
        recipe=table.results[0].config.training.plain(),
        benchmarks=tuple(benchmarks_of(table.results)),
        validation_bicubic=next(
            (one.validation_bicubic for one in table.results if one.validation_bicubic), None
        ),
        environments=environments_of(table.results),
        trials=len(table.results),
        networks=len(table.networks),
        files=files,
    )


def benchmarks_of(results: tuple[TrialResult, ...]) -> list[Benchmark]:
    """Return the benchmarks of trials, in the order in which they are scored."""
    found: dict[str, Benchmark] = {}
    for result in results:
        for scores in result.scores:
            known = found.get(scores.dataset)
            if known is None or (known.bicubic is None and scores.bicubic is not None):
                found[scores.dataset] = Benchmark.of(scores)
    return list(found.values())


def environments_of(results: tuple[TrialResult, ...]) -> tuple[Environment, ...]:
    """Return all environments of trials, each once."""
    found: list[Environment] = []
    for result in results:
        if result.environment not in found:
            found.append(result.environment)
    return tuple(found)


def write_header(header: Header) -> bytes:
    """Return the content of `table.json`, with its own digest."""
    return seal_json(header.plain())


def read_header(content: bytes, where: str) -> Header:
    """Read the content of `table.json`.

    Args:
        content: Of the file.
        where: What an error calls it.

    Raises:
        StoreError: If it is damaged, or of a newer format.
    """
    try:
        data = json.loads(unseal_json(content))
    except (DamagedError, ValueError, RecursionError) as error:
        raise StoreError(f"{where}: damaged ({' '.join(str(error).split())})") from None
    found = data.get("format") if isinstance(data, dict) else None
    if not isinstance(found, int):
        raise StoreError(f"{where}: no table of trials; it states no format")
    if found > FORMAT:
        raise StoreError(
            f"{where}: written by a newer workbench: its format is {found}, and this one reads "
            f"up to {FORMAT}"
        )
    try:
        return Header.check(data)
    except ValidationError as error:
        raise StoreError(f"{where}: {explain(error, data, Header)}") from None
