"""Options of `workbench aa-test` alone."""

from typing import Annotated

import typer

from workbench.cli.help import EXECUTION, IMAGES, STATISTICS
from workbench.experiments.seeds import MOST_SEEDS

SimulateOption = Annotated[
    bool,
    typer.Option(
        "--simulate",
        help="Audit the statistics alone, on simulated studies.",
        rich_help_panel=EXECUTION,
    ),
]
GridOption = Annotated[
    bool,
    typer.Option(
        "--grid",
        help="With --simulate: errors over 2 to 20 seeds and 2 to 200 images instead.",
        rich_help_panel=EXECUTION,
    ),
]
SeedsOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=2,
        max=MOST_SEEDS // 2,
        help="Seeds of each study.",
        rich_help_panel=STATISTICS,
    ),
]
RepeatsOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=100,
        max=1_000_000,
        help="Simulated studies, or splits of the seeds.",
        rich_help_panel=STATISTICS,
    ),
]
ImagesOption = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        max=100_000,
        help="Images of a simulated data set.",
        rich_help_panel=IMAGES,
    ),
]
RetrainingOption = Annotated[
    float,
    typer.Option(
        metavar="DB",
        min=0,
        max=10,
        help="Simulated standard deviation of one network over seeds.",
        rich_help_panel=STATISTICS,
    ),
]
ImageSdOption = Annotated[
    float,
    typer.Option(
        metavar="DB",
        min=0,
        max=10,
        help="Simulated standard deviation of differences over images.",
        rich_help_panel=STATISTICS,
    ),
]
