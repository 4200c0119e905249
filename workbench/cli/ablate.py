"""`workbench ablate`: a network against variants of it, or the way from one to another."""

from typing import Annotated

import typer

from workbench.cli.ablate_request import DEFAULT_BUDGET, Choice, make_request, trial_config
from workbench.cli.console import note
from workbench.cli.options import (
    DEFAULT_BASE,
    DEFAULT_STORE,
    BenchmarkOption,
    JsonOption,
    MarginOption,
    RecipeOption,
    SetOption,
    StoreOption,
    TrackingOption,
    TrainingDataOption,
    VariantOption,
    WorkersOption,
    default_workers,
    margin,
    seed_list,
    set_values,
    study_name,
)
from workbench.statistics.levels import MARGIN_DB


def ablate(
    variant: VariantOption = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="PRESET",
            help="Network that variants are changes of.",
            show_default=DEFAULT_BASE,
        ),
    ] = None,
    path: Annotated[
        str | None,
        typer.Option(
            metavar="PRESET:PRESET",
            help="The way from one network to another, one component at a time.",
        ),
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME,...", help="Components of --path that come first, in this order."
        ),
    ] = None,
    shapley: Annotated[
        bool,
        typer.Option("--shapley", help="Average what each component of --path brings over orders."),
    ] = False,
    budget: Annotated[
        int | None,
        typer.Option(
            metavar="TRIALS",
            min=1,
            help="Most trials of --shapley, finished ones included.",
            show_default=str(DEFAULT_BUDGET),
        ),
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="How many seeds, or a list such as 1,5,9. The same for all arms.")
    ] = "3",
    recipe_name: RecipeOption = "smoke",
    data: TrainingDataOption = None,
    validation: Annotated[
        str | None,
        typer.Option(metavar="[NAME=]FOLDER", help="Images for the learning curves."),
    ] = None,
    benchmark: BenchmarkOption = None,
    margin_db: MarginOption = MARGIN_DB,
    set_: SetOption = None,
    workers: WorkersOption = None,
    store: StoreOption = DEFAULT_STORE,
    study: Annotated[
        str | None, typer.Option(help="Name in MLflow; made from base, recipe and data if absent.")
    ] = None,
    tracking_uri: TrackingOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would run, and run nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a network and variants of it under the same seeds, and compare them.

    With --path: run every network on the way between two presets, and say what each step brings.

    Trials that are finished are taken from the store; a stopped run goes on where it was.
    """
    choice = Choice(tuple(variant or ()), base, path, order, shapley, budget)
    choice.check()
    trials = [
        set_values(trial_config(name, recipe_name, data or (), validation, benchmark or ()), set_)
        for name in choice.networks()
    ]
    margin(margin_db)
    request = make_request(choice, trials, seed_list(seeds), recipe_name, study_name(study))
    if request.remark:
        note(request.remark)
    # What follows needs numpy and more, which --help does not.
    from workbench.cli.ablate_steps import print_plan, run

    if dry_run:
        print_plan(request.plan, store, as_json=as_json)
        return
    count = workers or default_workers(trials[0].training.device)
    run(request, store, count, tracking_uri, margin_db, as_json=as_json)
