"""Options of `workbench export-model`. No torch."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.help import EXECUTION, IMAGES, OUTPUT, WHAT
from workbench.cli.weights_options import MOST_SEED
from workbench.errors import ConfigError

FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="Weights: ours, published ones, or what spandrel opens."),
]
FormatOption = Annotated[
    Literal["onnx", "torchscript", "ntire"],
    typer.Option(
        "--format",
        metavar="NAME",
        help="onnx, torchscript, or ntire: the folder of a challenge entry.",
        rich_help_panel=OUTPUT,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="PATH",
        help="The file, or the folder of ntire; called as the network by default.",
        rich_help_panel=OUTPUT,
    ),
]
OverwriteOption = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace the file of --out.", rich_help_panel=OUTPUT),
]
PrecisionOption = Annotated[
    Literal["fp32", "fp16"],
    typer.Option(
        "--precision",
        metavar="NAME",
        help="What an ONNX file computes in: fp32 or fp16.",
        rich_help_panel=EXECUTION,
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="A preset, or module:Class of your own, with untrained weights, in place of FILE.",
        rich_help_panel=WHAT,
    ),
]
StudyOption = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="NAME",
        help="A trial of a study or a search, in place of FILE.",
        rich_help_panel=WHAT,
    ),
]
VariantOption = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="NAME",
        help="A variant of the preset, or a network of the study.",
        rich_help_panel=WHAT,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="N",
        min=0,
        max=MOST_SEED,
        help="Seed of the trial, or of the preset's initial weights.",
        rich_help_panel=WHAT,
    ),
]
LrOption = Annotated[
    Path | None,
    typer.Option(
        "--lr",
        metavar="FOLDER",
        help="With ntire: LR images that become the result images.",
        rich_help_panel=IMAGES,
    ),
]
TeamOption = Annotated[
    int | None,
    typer.Option(
        "--team",
        metavar="N",
        min=0,
        max=99,
        help="With ntire: number of the team; 0 by default.",
        rich_help_panel=WHAT,
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="With ntire: name of the network; that of its preset or file by default.",
        rich_help_panel=WHAT,
    ),
]
ExtraDataOption = Annotated[
    bool,
    typer.Option(
        "--extra-data",
        help="With ntire: it was trained on images that the challenge does not provide.",
        rich_help_panel=WHAT,
    ),
]


def check_format(file_format: str, *, ntire: dict[str, object], files: dict[str, object]) -> None:
    """Refuse options that do not belong to the format.

    Args:
        file_format: Of `--format`.
        ntire: Options of ntire, by name; None or False are not given.
        files: Options of the other formats.

    Raises:
        ConfigError: Naming the option.
    """
    is_folder = file_format == "ntire"
    for option, value in (files if is_folder else ntire).items():
        if value not in (None, False):
            of = "onnx and torchscript" if is_folder else "ntire"
            raise ConfigError(f"{option} is for --format {of}, got --format {file_format}")
