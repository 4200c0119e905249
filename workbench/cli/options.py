"""Options that several commands share. No torch.

An option is an `Annotated` alias with a plain metavar and the panel of `cli.help` that it is in.
"""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.help import IMAGES, OUTPUT, STATISTICS, WHAT
from workbench.config.bounds import MOST_STEPS
from workbench.experiments.study_spec import MOST_MARGIN_DB

# What is compared or trained.
PresetOption = Annotated[
    str,
    typer.Option("--base", metavar="PRESET", help="Baseline preset.", rich_help_panel=WHAT),
]
VariantOption = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        metavar="NAME",
        help="A variant, by name or YAML file; repeatable; `all` for all of them.",
        rich_help_panel=WHAT,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a field of every trial, such as model.channels=24; repeatable.",
        rich_help_panel=WHAT,
    ),
]
RecipeOption = Annotated[
    str,
    typer.Option(
        "--recipe",
        metavar="NAME",
        help="Training recipe: smoke, demo, short, medium, long or factsheet.",
        rich_help_panel=WHAT,
    ),
]
StepsOption = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        min=1,
        max=MOST_STEPS,
        help="Scale the recipe to N steps in all, its stages and milestones in proportion.",
        rich_help_panel=WHAT,
    ),
]

# Images.
TrainingDataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="[NAME=]FOLDER",
        help="Training images; repeatable.",
        rich_help_panel=IMAGES,
    ),
]
ValidationOption = Annotated[
    str | None,
    typer.Option(
        "--validation",
        metavar="[NAME=]FOLDER",
        help="Images of the learning curves.",
        rich_help_panel=IMAGES,
    ),
]
BenchmarkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--benchmark",
        metavar="[NAME=]FOLDER",
        help="Images of the final scores; repeatable.",
        rich_help_panel=IMAGES,
    ),
]
OverlapOption = Annotated[
    bool,
    typer.Option(
        "--allow-overlap",
        help="Train also on images that are scored; every table then says so.",
        rich_help_panel=IMAGES,
    ),
]
RecursiveOption = Annotated[
    bool,
    typer.Option("--recursive", help="Include the images in subfolders.", rich_help_panel=IMAGES),
]

# Statistics.
MarginOption = Annotated[
    float,
    typer.Option(
        "--margin",
        metavar="DB",
        min=0.0,
        max=MOST_MARGIN_DB,
        help="Equivalence margin (TOST), dB.",
        rich_help_panel=STATISTICS,
    ),
]
AlphaOption = Annotated[
    float,
    typer.Option(
        "--alpha",
        metavar="RATE",
        min=0.0,
        max=1.0,
        help="Family-wise error rate.",
        rich_help_panel=STATISTICS,
    ),
]

# Where results are, and how they are printed.
StoreOption = Annotated[
    Path,
    typer.Option(
        "--store",
        metavar="FOLDER",
        help="Folder of ledger, packed images and MLflow database.",
        rich_help_panel=OUTPUT,
    ),
]
StudyOption = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="NAME",
        help="Name of the study; made from what is requested by default.",
        rich_help_panel=OUTPUT,
    ),
]
TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        metavar="URI",
        envvar="MLFLOW_TRACKING_URI",
        help="MLflow server or database; the store's own by default.",
        rich_help_panel=OUTPUT,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print JSON with units in the keys.", rich_help_panel=OUTPUT),
]
