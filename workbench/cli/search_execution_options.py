"""Options of `workbench search` that say how a search is run: resuming and executor."""

from typing import Annotated, Literal

import typer

from workbench.cli.help import EXECUTION

ResumeOption = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Resume a search; refuse to start a new one.",
        rich_help_panel=EXECUTION,
    ),
]
RetryOption = Annotated[
    Literal["failed"] | None,
    typer.Option(
        metavar="failed",
        help="Run trials again whose worker died, or whose memory ran out.",
        rich_help_panel=EXECUTION,
    ),
]
FreshOption = Annotated[
    bool,
    typer.Option(
        "--fresh",
        help="Start a new search and keep the earlier one under another name; finished trials "
        "are not trained again.",
        rich_help_panel=EXECUTION,
    ),
]
NoWarmStartOption = Annotated[
    bool,
    typer.Option(
        "--no-warm-start",
        "--cold",
        help="Do not report finished trials of other studies to the sampler of a new search.",
        rich_help_panel=EXECUTION,
    ),
]
SearchEngineOption = Annotated[
    Literal["local", "optuna", "ray"],
    typer.Option(
        "--engine",
        metavar="NAME",
        help="What runs the trials: local (this machine; optuna is the same) or ray (Ray Tune).",
        rich_help_panel=EXECUTION,
    ),
]
