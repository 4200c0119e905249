"""`workbench search simulate`: samplers and schedulers on a table of finished trials."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.help import OUTPUT, STATISTICS, WHAT
from workbench.cli.options import JsonOption
from workbench.cli.search_options import (
    AsynchronousOption,
    AuditShareOption,
    BatchOption,
    KeepOption,
    LimitOption,
    RungsOption,
)
from workbench.config.bounds import MOST_TRIALS
from workbench.experiments.study_spec import MOST_MARGIN_DB

TableArgument = Annotated[
    Path, typer.Argument(metavar="TABLE", help="Folder of a table that `workbench table` wrote.")
]
SamplersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--sampler",
        metavar="NAME",
        help="Sampler: tpe, nsga2, nsga3, gp, random or grid; repeatable, or a list with commas.",
        show_default="tpe",
        rich_help_panel=WHAT,
    ),
]
TrialsOption = Annotated[
    int | None,
    typer.Option(
        "--trials",
        metavar="N",
        min=1,
        max=MOST_TRIALS,
        help="Networks that each search trains, the canonical one among them.",
        show_default="half of the table's",
        rich_help_panel=WHAT,
    ),
]
SpaceOption = Annotated[
    str | None,
    typer.Option(
        "--space",
        metavar="NAME",
        help="The search space, or several joined as A+B.",
        show_default="that of the table",
        rich_help_panel=WHAT,
    ),
]
ObjectiveOption = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="NAME",
        help="A score of the validation images, or DATASET/score.",
        show_default="psnr_rgb_db",
        rich_help_panel=WHAT,
    ),
]
RepeatsOption = Annotated[
    int,
    typer.Option(
        "--repeats",
        metavar="N",
        help="Searches of each sampler, 2..1,000.",
        rich_help_panel=STATISTICS,
    ),
]
SeedOption = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="SEED",
        min=0,
        max=2**32 - 1,
        help="Of all draws: the same seed, the same numbers.",
        rich_help_panel=STATISTICS,
    ),
]
MarginOption = Annotated[
    float | None,
    typer.Option(
        "--margin",
        metavar="DB",
        min=0.0,
        max=MOST_MARGIN_DB,
        help="Equivalence margin (TOST) of the regret.",
        show_default="0.02 dB, none of SSIM",
        rich_help_panel=STATISTICS,
    ),
]
FigureOption = Annotated[
    Path | None,
    typer.Option(
        "--figure",
        metavar="FILE",
        help="Draw regret against training steps into a .png or .svg file.",
        rich_help_panel=OUTPUT,
    ),
]


def simulate(
    table: TableArgument,
    sampler: SamplersOption = None,
    trials: TrialsOption = None,
    space: SpaceOption = None,
    objective: ObjectiveOption = None,
    limit: LimitOption = None,
    rungs: RungsOption = None,
    keep: KeepOption = None,
    audit_share: AuditShareOption = None,
    batch: BatchOption = 4,
    asynchronous: AsynchronousOption = False,
    repeats: RepeatsOption = 100,
    seed: SeedOption = 0,
    margin: MarginOption = None,
    figure: FigureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run samplers and schedulers on a table of finished trials, in simulated time.

    Searches are those of `search run`, but results come from the table and cost the training steps
    that they took. Printed are the regret against the cost, and verdicts on the samplers against
    random search, paired over the repetitions. Nothing is trained or written.

    Example:
        workbench search simulate mdrn-bench --sampler tpe,nsga2 --repeats 100 --figure regret.svg
    """
    from workbench.cli.console import note, print_json
    from workbench.cli.search_limits import limits_of, rungs_of
    from workbench.cli.simulation_table import print_simulation
    from workbench.cli.terminal import emit
    from workbench.experiments.fidelity import check_figure
    from workbench.experiments.simulate import draw_simulation
    from workbench.experiments.simulate import simulate as run_simulation
    from workbench.experiments.simulate_spec import SimulateSpec
    from workbench.reporting.simulation_texts import to_dict
    from workbench.tables.files import read_table

    spec = SimulateSpec(
        samplers=[name.strip() for text in sampler or ["tpe"] for name in text.split(",")],
        repeats=repeats,
        trials=trials,
        space=space,
        objective=objective,
        limits=limits_of(limit),
        rungs=rungs_of(rungs),
        keep=keep,
        audit_share=audit_share,
        batch=batch,
        asynchronous=asynchronous,
        seed=seed,
        margin=margin,
    )
    if figure is not None:
        check_figure(figure)
    found = run_simulation(spec, read_table(table), emit)
    if as_json:
        print_json(to_dict(found))
    else:
        print_simulation(found)
    if figure is not None:
        draw_simulation(found, figure)
        note(f"figure written to {figure}")
    if found.repeats < found.planned:
        raise typer.Exit(130)
