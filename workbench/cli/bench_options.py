"""Options of `workbench bench`. No torch."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.help import EXECUTION, IMAGES, OUTPUT, WHAT
from workbench.config.evaluation import InferencePrecision
from workbench.config.training import Kernels
from workbench.errors import ConfigError

MOST_LANES = 256
MOST_PATCH_PX = 16_384
MOST_BATCH = 65_536

Only = Literal["training", "inference"]

BenchArchOption = Annotated[
    str | None,
    typer.Option(
        "--arch",
        metavar="MODULE:CLASS",
        help="A torch.nn.Module of your own, with the weights of its constructor; timed last.",
        rich_help_panel=WHAT,
    ),
]
OnlyOption = Annotated[
    Only | None,
    typer.Option(
        "--only",
        metavar="NAME",
        help="Time only the training step (training) or one image (inference).",
        rich_help_panel=WHAT,
    ),
]
BatchOption = Annotated[
    int,
    typer.Option(
        "--batch",
        metavar="N",
        min=1,
        max=MOST_BATCH,
        help="Patches of a training step.",
        rich_help_panel=IMAGES,
    ),
]
PatchOption = Annotated[
    int,
    typer.Option(
        "--patch",
        metavar="PX",
        min=8,
        max=MOST_PATCH_PX,
        help="Side of the patches of a training step, HR px as in recipes.",
        rich_help_panel=IMAGES,
    ),
]
SizeOption = Annotated[
    str,
    typer.Option(
        "--size",
        metavar="WxH",
        help="Size of the image that is enlarged, LR px.",
        rich_help_panel=IMAGES,
    ),
]
BenchLanesOption = Annotated[
    int,
    typer.Option(
        "--lanes",
        metavar="K",
        min=1,
        max=MOST_LANES,
        help="Trainings at a time in one process; more than 1 are timed in turn, too.",
        rich_help_panel=EXECUTION,
    ),
]
BenchPrecisionOption = Annotated[
    InferencePrecision,
    typer.Option(
        "--precision",
        metavar="NAME",
        help="fp32 or bf16; on CUDA also tf32, and fp16 for inference.",
        rich_help_panel=EXECUTION,
    ),
]
KernelsOption = Annotated[
    Kernels,
    typer.Option(
        "--kernels",
        metavar="NAME",
        help="Kernels of the networks of the family: auto, eager or fused (CUDA only).",
        rich_help_panel=EXECUTION,
    ),
]
BenchRoundsOption = Annotated[
    int,
    typer.Option(
        "--rounds",
        metavar="N",
        min=1,
        max=100_000,
        help="Timed runs of each network.",
        rich_help_panel=EXECUTION,
    ),
]
FigureOption = Annotated[
    Path | None,
    typer.Option(
        "--figure", metavar="FILE", help="Draw the times into a .png file.", rich_help_panel=OUTPUT
    ),
]


def check_figure(path: Path | None) -> None:
    """Refuse a file that is no .png, before anything is timed.

    Raises:
        ConfigError: With its name.
    """
    if path is not None and path.suffix.lower() != ".png":
        raise ConfigError(f"--figure must end in .png, got {str(path)!r}")
