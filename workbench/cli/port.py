"""The port of MLflow's server: an option of `ui` and `compare`. No torch."""

from typing import Annotated

import typer

from workbench.cli.help import OUTPUT

DEFAULT_PORT = 5000

PortOption = Annotated[
    int,
    typer.Option(
        "--port",
        metavar="N",
        min=1,
        max=65_535,
        help="Port of `workbench ui` on 127.0.0.1.",
        rich_help_panel=OUTPUT,
    ),
]
