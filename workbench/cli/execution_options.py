"""Options that say how a command is run: workers, Ray, devices, tiles. No torch."""

from typing import Annotated, Literal

import typer

from workbench.cli.help import EXECUTION
from workbench.config.bounds import MOST_THREADS, MOST_TILE_PX
from workbench.config.evaluation import InferencePrecision
from workbench.execution.lane_count import MOST_LANES

MOST_WORKERS = 1_024

WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=MOST_WORKERS,
        help="Trials at a time; one for each core by default. On GPUs: over all of them.",
        rich_help_panel=EXECUTION,
    ),
]
LanesOption = Annotated[
    int | None,
    typer.Option(
        "--lanes",
        metavar="N",
        min=1,
        max=MOST_LANES,
        help="Trials at a time in one process, for each GPU; measured by default.",
        rich_help_panel=EXECUTION,
    ),
]
DevicesOption = Annotated[
    str | None,
    typer.Option(
        "--devices",
        metavar="N,...",
        help="GPUs by number, such as 0,1; the first one by default.",
        rich_help_panel=EXECUTION,
    ),
]
EngineOption = Annotated[
    Literal["local", "ray"],
    typer.Option(
        "--engine",
        metavar="NAME",
        help="What runs the trials: local (this machine) or ray (Ray Tune).",
        rich_help_panel=EXECUTION,
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="Ray cluster, with --engine ray.", rich_help_panel=EXECUTION
    ),
]
CpusOption = Annotated[
    float,
    typer.Option(
        metavar="N",
        min=0.0,
        max=MOST_WORKERS,
        help="Cores of each trial, with --engine ray.",
        rich_help_panel=EXECUTION,
    ),
]
GpusOption = Annotated[
    float,
    typer.Option(
        metavar="N",
        min=0.0,
        max=MOST_WORKERS,
        help="GPUs of each trial, with --engine ray; with --lanes, of each process.",
        rich_help_panel=EXECUTION,
    ),
]
YesOption = Annotated[
    bool,
    typer.Option(
        "--yes",
        help="Start without confirmation, also if it takes more than an hour.",
        rich_help_panel=EXECUTION,
    ),
]
ThreadsOption = Annotated[
    int,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        max=MOST_THREADS,
        help="CPU threads.",
        rich_help_panel=EXECUTION,
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device", metavar="NAME", help="cpu, cuda or cuda:N.", rich_help_panel=EXECUTION
    ),
]
PrecisionOption = Annotated[
    InferencePrecision,
    typer.Option(
        "--precision",
        metavar="NAME",
        help="What the network computes in: fp32 or bf16; on CUDA also tf32 or fp16.",
        rich_help_panel=EXECUTION,
    ),
]
SelfEnsembleOption = Annotated[
    bool,
    typer.Option(
        "--self-ensemble",
        help="Run on eight orientations and average the outputs (x8, as EDSR+).",
        rich_help_panel=EXECUTION,
    ),
]
TileOption = Annotated[
    int | None,
    typer.Option(
        "--tile",
        metavar="PX",
        min=1,
        max=MOST_TILE_PX,
        help="Run in tiles of this size, LR px.",
        rich_help_panel=EXECUTION,
    ),
]
TileOverlapOption = Annotated[
    int,
    typer.Option(
        "--tile-overlap",
        metavar="PX",
        min=0,
        max=MOST_TILE_PX,
        help="Tile overlap, LR px.",
        rich_help_panel=EXECUTION,
    ),
]
