"""The part of a data card that names files and columns."""

from collections.abc import Sequence

from workbench.system.text import markdown
from workbench.tables.columns import CURVES, SCORES, TRIALS, Column, mean_columns
from workbench.tables.header import benchmarks_of
from workbench.tables.optional import OPTIONAL_FILES
from workbench.tables.table import TrialTable

_UNITS = (
    "Units are in the names: `_db` dB, `_s` seconds, `_ms` milliseconds, `_px` pixels, `_unix_s` "
    "seconds since 1970-01-01 UTC. Scores are unrounded float64, so means over images are those of "
    "the store that trained the networks; scores of single validation images are rounded to 1e-6."
)


def column_lines(table: TrialTable) -> list[str]:
    """Return lines of Markdown: every file of a table with its columns."""
    benchmarks = tuple(one.dataset for one in benchmarks_of(table.results))
    files = {
        "`trials.parquet`, a row a trial": (*TRIALS, *mean_columns(benchmarks)),
        "`curves.parquet`, a row a point of a learning curve": CURVES,
        "`scores.parquet`, a row an image; benchmarks at the end, validation at each point": SCORES,
    }
    for one in OPTIONAL_FILES:
        if getattr(table, one.field):
            files[f"`{one.name}`, {one.text}"] = one.columns
    head = [_UNITS, "", "`table.json` holds what all trials share, and the digest of each file."]
    return [*head, *(line for name, columns in files.items() for line in _file(name, columns))]


def _file(name: str, columns: Sequence[Column]) -> list[str]:
    rows = [f"| {markdown(one.name)} | {one.text.replace('|', chr(92) + '|')} |" for one in columns]
    return ["", f"{name}:", "", "| column | content |", "|---|---|", *rows]
