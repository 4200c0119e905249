"""`workbench aa-test`: how often the workbench's own verdicts err, and what they find."""

import shlex
import sys
from typing import Annotated

import typer

from workbench.cli.ablate_request import Asked, Choice, trial_config
from workbench.cli.options import (
    DEFAULT_BASE,
    DEFAULT_STORE,
    BenchmarkOption,
    JsonOption,
    MarginOption,
    OverlapOption,
    PresetOption,
    RecipeOption,
    SetOption,
    StepsOption,
    StoreOption,
    TrackingOption,
    TrainingDataOption,
    WorkersOption,
    assigned,
    default_workers,
    margin,
)
from workbench.cli.seeds import MOST_SEEDS, Seeds
from workbench.execution.plan import Arm, Plan
from workbench.statistics.decision_rule import MARGIN_DB


def aa_test(
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Try the statistics alone, on simulated studies.")
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=2, max=MOST_SEEDS // 2, help="Seeds of each study.")
    ] = 6,
    repeats: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Studies, or splits of the runs.")
    ] = 2_000,
    base: PresetOption = DEFAULT_BASE,
    recipe_name: RecipeOption = "smoke",
    steps: StepsOption = None,
    data: TrainingDataOption = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    set_: SetOption = None,
    workers: WorkersOption = None,
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
    images: Annotated[
        int, typer.Option(min=1, max=100_000, help="Images of a simulated data set.")
    ] = 100,
    retraining_sd: Annotated[
        float,
        typer.Option(
            metavar="DB", min=0, max=10, help="Simulated spread of one network over seeds."
        ),
    ] = 0.014,
    image_sd: Annotated[
        float,
        typer.Option(
            metavar="DB", min=0, max=10, help="Simulated spread of differences over images."
        ),
    ] = 0.07,
    margin_db: MarginOption = MARGIN_DB,
    as_json: JsonOption = False,
) -> None:
    """Compare a network with itself under fresh seeds: any difference that is found is false.

    It is trained under twice as many seeds as a study has, and the runs are split into two studies
    again and again. With --simulate: studies with a known truth, false positives and power.
    """
    margin(margin_db)
    if simulate:
        from workbench.cli.aa_test_steps import simulated

        simulated(seeds, images, repeats, (retraining_sd, image_sd), margin_db, as_json=as_json)
        return
    asked = Asked(
        Choice(base=base),
        Seeds((*range(1, 2 * seeds + 1),)),
        recipe_name,
        steps,
        data or (),
        benchmarks=benchmark or (),
        overrides=assigned(set_),
    )
    trial = trial_config(base, asked)
    plan = Plan(f"aa-test_{base}_{recipe_name}", (Arm(base, "", trial),), asked.seeds.seeds)
    from workbench.cli.aa_test_steps import retrained
    from workbench.cli.ablate_steps import Place

    count = workers or default_workers(trial.training.device)
    command = shlex.join(["workbench", *sys.argv[1:]])
    place = Place(store, count, tracking_uri, command, allow_overlap=allow_overlap)
    retrained(plan, place, (repeats, margin_db), as_json=as_json)
