"""Options and arguments of `workbench search`'s subcommands."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.execution_options import MOST_WORKERS
from workbench.cli.help import OUTPUT, STATISTICS, WHAT
from workbench.config.bounds import MOST_TRIALS

SpaceArgument = Annotated[
    str, typer.Argument(metavar="SPACE", help="A search space, or several joined as A+B.")
]
SearchArgument = Annotated[str, typer.Argument(metavar="NAME", help="A search of the store.")]

TrialsOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        max=MOST_TRIALS,
        help="Networks to train in all, the canonical one among them.",
        rich_help_panel=WHAT,
    ),
]
SamplerOption = Annotated[
    Literal["tpe", "nsga2", "nsga3", "gp", "random", "grid", "pbt"],
    typer.Option(
        metavar="NAME",
        help="Sampler: tpe, nsga2, nsga3, gp, random, grid, or pbt (population based training).",
        rich_help_panel=WHAT,
    ),
]
ObjectiveOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="A score of the validation images, DATASET/score, or a cost; repeatable.",
        show_default="psnr_rgb_db",
        rich_help_panel=WHAT,
    ),
]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME<=VALUE",
        help="A hard limit, such as 'parameters<=60000'; repeatable.",
        rich_help_panel=WHAT,
    ),
]
RungsOption = Annotated[
    str | None,
    typer.Option(
        metavar="FRACTION,...",
        help="Fractions of the steps after which candidates are compared, or none.",
        show_default="those of the space",
        rich_help_panel=WHAT,
    ),
]
KeepOption = Annotated[
    float | None,
    typer.Option(
        metavar="FRACTION",
        min=0,
        max=1,
        help="Fraction of the candidates promoted at each rung (1 / eta).",
        show_default="that of the space",
        rich_help_panel=WHAT,
    ),
]
AuditShareOption = Annotated[
    float | None,
    typer.Option(
        metavar="FRACTION",
        min=0,
        max=1,
        help="Fraction of the candidates that no rung stops, so that the rungs can be judged.",
        show_default="0.1",
        rich_help_panel=WHAT,
    ),
]
BatchOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        max=MOST_WORKERS,
        help="Networks that are proposed together.",
        rich_help_panel=WHAT,
    ),
]
AsynchronousOption = Annotated[
    bool,
    typer.Option(
        "--asynchronous",
        help="ASHA: decide for each trial when it reaches a rung, with --batch networks under way.",
        rich_help_panel=WHAT,
    ),
]
TopOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        max=MOST_TRIALS,
        help="Train the N best networks again.",
        rich_help_panel=WHAT,
    ),
]
NewRecipeOption = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME",
        help="Training recipe: smoke, demo, short, medium, long or factsheet.",
        show_default="that of the search",
        rich_help_panel=WHAT,
    ),
]
SamplerSeedOption = Annotated[
    int,
    typer.Option(
        metavar="SEED", min=0, max=2**32 - 1, help="Of the sampler.", rich_help_panel=STATISTICS
    ),
]
TrialSeedsOption = Annotated[
    str,
    typer.Option(
        metavar="N",
        help="Train each network under N seeds, or under a list such as 1,5,9.",
        rich_help_panel=STATISTICS,
    ),
]
PromotionSeedsOption = Annotated[
    str,
    typer.Option(
        metavar="N",
        help="Number of seeds, a list such as 1,5,9, or FIRST..MOST to add seeds while verdicts "
        "are undecided.",
        rich_help_panel=STATISTICS,
    ),
]
SearchNameOption = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="NAME",
        help="Name of the search; made from the space and the settings by default.",
        rich_help_panel=OUTPUT,
    ),
]
PromotionNameOption = Annotated[
    str | None,
    typer.Option(
        "--study",
        metavar="NAME",
        help="Name of the study; that of the search with -promoted by default.",
        rich_help_panel=OUTPUT,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="File to write; named after the search by default.",
        rich_help_panel=OUTPUT,
    ),
]
