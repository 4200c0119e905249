"""What commands print with: tables and addresses on stdout, progress and notes on stderr."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from workbench.errors import ConfigError
from workbench.reporting.numbers import giga_text

OUT = Console(soft_wrap=False, highlight=False)
ERR = Console(stderr=True, highlight=False)


def print_json(data: Any) -> None:
    """Print plain data as JSON on stdout, and nothing else."""
    sys.stdout.write(json_text(data))


def json_text(data: Any) -> str:
    """Return plain data as JSON with a line break at the end."""
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def note(text: str) -> None:
    """Print a remark on stderr, as it is: a path that is broken into lines cannot be copied."""
    ERR.print(text, markup=False, style="dim", soft_wrap=True)


def table(*columns: str, left: int = 1, gap: int = 2) -> Table:
    """Return an empty table; all columns but the first `left` are aligned to the right."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, gap, 0, 0))
    for index, column in enumerate(columns):
        made.add_column(column, justify="left" if index < left else "right", overflow="fold")
    return made


def millions(count: int) -> str:
    """Format a count in millions."""
    return f"{count / 1e6:.2f}"


def billions(count: int) -> str:
    """Format a count in billions."""
    return giga_text(count)


def confirmed(question: str) -> None:
    """Ask whether to go on.

    Raises:
        ConfigError: If the answer is no, or if there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise ConfigError(f"{question}; add --yes to start it without being asked")
    answer = ERR.input("start? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise ConfigError("not started")
