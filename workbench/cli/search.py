"""`workbench search`: its subcommands. `workbench search SPACE` is `workbench search run SPACE`."""

from collections.abc import Mapping
from typing import ClassVar

import typer

from workbench.cli.lazy import DefaultGroup, LazyCommand

SUBCOMMANDS: Mapping[str, LazyCommand] = {
    "run": LazyCommand(
        "workbench.cli.search_run:run",
        "Search a space for the best networks within hard limits, or resume a search.",
    ),
    "status": LazyCommand("workbench.cli.search_views:status", "Show every trial of a search."),
    "best": LazyCommand(
        "workbench.cli.search_views:best",
        "Show the best network of a search beside the canonical one.",
    ),
    "front": LazyCommand(
        "workbench.cli.search_views:front",
        "Show the networks of a search that no other beats in every objective.",
    ),
    "report": LazyCommand("workbench.cli.search_views:report", "Write a search as an HTML page."),
    "optuna": LazyCommand(
        "workbench.cli.search_views:optuna",
        "Write a search as an SQLite file with an Optuna study, for optuna-dashboard.",
    ),
    "simulate": LazyCommand(
        "workbench.cli.search_simulate:simulate",
        "Run samplers and schedulers on a table of finished trials, in simulated time.",
    ),
    "promote": LazyCommand(
        "workbench.cli.search_promote:promote",
        "Train the best networks of a search again and judge them against the canonical one.",
    ),
}


class SearchGroup(DefaultGroup):
    """`search SPACE` is `search run SPACE`."""

    table: ClassVar = SUBCOMMANDS
    default: ClassVar = "run"
    default_has_argument: ClassVar = True


search = typer.Typer(
    cls=SearchGroup, add_completion=False, subcommand_metavar="SPACE|COMMAND [ARGS]..."
)


@search.callback()
def _search() -> None:
    """Search a space for the best networks within hard limits.

    `workbench search SPACE [OPTIONS]` is short for `workbench search run SPACE [OPTIONS]`, unless
    the space has the name of a command.

    Example:
        workbench search mdrn-size --trials 40 --recipe short
        workbench search status NAME
        workbench search promote NAME --seeds 6
    """
