"""Options of `workbench inspect`. No torch."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.help import EXECUTION, IMAGES, OUTPUT, WHAT

PresetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="A preset, or package.module:Class, a network of your own; repeatable.",
        rich_help_panel=WHAT,
    ),
]
WeightsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--weights", metavar="FILE", help="A weights file; repeatable.", rich_help_panel=WHAT
    ),
]
LrSizeOption = Annotated[
    str,
    typer.Option(
        "--lr-size",
        metavar="WxH",
        help="LR size in px that multiply-adds and activations are counted for.",
        rich_help_panel=IMAGES,
    ),
]
TimeSizeOption = Annotated[
    str | None,
    typer.Option(
        "--time-size",
        metavar="WxH",
        help="LR size in px of the image that is timed.",
        show_default="128x128; with --challenge 510x339",
        rich_help_panel=IMAGES,
    ),
]
RoundsOption = Annotated[
    int,
    typer.Option(
        "--rounds",
        metavar="N",
        min=0,
        max=100_000,
        help="Timed runs of each network; 0 measures no time.",
        rich_help_panel=EXECUTION,
    ),
]
PartsOption = Annotated[
    bool,
    typer.Option(
        "--parts",
        help="Show the parts of more than two networks, too.",
        rich_help_panel=OUTPUT,
    ),
]
ChallengeOption = Annotated[
    Literal["2026"] | None,
    typer.Option(
        "--challenge",
        metavar="YEAR",
        help="Score of the NTIRE efficient SR challenge: 2026; runtimes are measured here.",
        rich_help_panel=WHAT,
    ),
]
