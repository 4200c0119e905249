"""Options of the commands that write trained weights: `train` and `weights`. No torch."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.help import OUTPUT, WHAT

MOST_SEED = 9_999_999_999
"""A larger number was surely not meant as a seed."""

SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        max=MOST_SEED,
        help="Seed of the training.",
        rich_help_panel=WHAT,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Copy the weights there: .safetensors for ours, .pth for published names.",
        rich_help_panel=OUTPUT,
    ),
]
OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace the file of --out if it differs.", rich_help_panel=OUTPUT
    ),
]
