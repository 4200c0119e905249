"""The option `--time-limit`, and what commands print that were stopped early."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.help import EXECUTION
from workbench.errors import ConfigError, WorkbenchError
from workbench.execution.unfinished import StoppedEarlyError
from workbench.system.stopping import StopRequested
from workbench.system.time_limit import TimeLimit, read_time_limit

if TYPE_CHECKING:  # numpy, which --help does not need
    from workbench.experiments.study import OpenedStudy


def _time_limit(text: str) -> TimeLimit:
    try:
        return read_time_limit(text, "it")
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


_HELP = (
    "Stop at checkpoints so that the command has ended within this time, such as 90s, 9m or 1h30m "
    "(a number alone is minutes); rerun the same command to resume."
)
TimeLimitOption = Annotated[
    TimeLimit | None,
    typer.Option(
        "--time-limit",
        metavar="TIME",
        parser=_time_limit,
        help=_HELP,
        rich_help_panel=EXECUTION,
    ),
]
SearchTimeLimitOption = Annotated[
    TimeLimit | None,
    typer.Option(
        "--time-limit",
        "--timeout",
        metavar="TIME",
        parser=_time_limit,
        help=_HELP,
        rich_help_panel=EXECUTION,
    ),
]


@contextmanager
def early_end(store: Path, *, as_json: bool) -> Iterator[None]:
    """End the program with code 0 if the trials in the block are stopped early.

    What the study has so far is printed, and what is left.

    Args:
        store: The store.
        as_json: Print JSON, with the key `stopped`.
    """
    from workbench.cli.console import note, print_json

    try:
        yield
    except StoppedEarlyError as stopped:  # what is left has been said
        _print_so_far(stopped, store, as_json=as_json)
    except StopRequested as request:  # before its trials were known, or after their end
        note(f"stopped by {request}; rerun the same command to resume")
        if as_json:
            print_json({"stopped": {"reason": str(request)}})
    else:
        return
    raise typer.Exit


def _print_so_far(stopped: StoppedEarlyError, store: Path, *, as_json: bool) -> None:
    from workbench.cli.comparison_table import print_comparison
    from workbench.cli.console import note, print_json
    from workbench.reporting.json_data import comparison_to_dict

    opened = _opened(stopped.study, store)
    if as_json:
        study = {"study": stopped.study} if stopped.study else {}
        found = comparison_to_dict(opened.comparison) if opened else {}
        print_json({**study, "stopped": stopped.left.to_dict(), **found})
    elif opened:
        print_comparison(opened.comparison)
        for remark in opened.remarks:
            note(remark)


def _opened(study: str, store: Path) -> "OpenedStudy | None":
    """Return a study as far as it is finished; None if that is not enough for a table."""
    from workbench.experiments.study import open_study

    if not study:
        return None
    try:
        return open_study(store, study)
    except WorkbenchError:
        return None
