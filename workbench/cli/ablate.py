"""`workbench ablate`: a network against variants of it, or the way from one to another."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.ablation.designs import Design
from workbench.cli.ablate_request import DEFAULT_BUDGET, Asked, Choice, make_request
from workbench.cli.console import note
from workbench.cli.options import (
    DEFAULT_BASE,
    DEFAULT_STORE,
    AddressOption,
    AlphaOption,
    BenchmarkOption,
    CpusOption,
    GpusOption,
    JsonOption,
    MarginOption,
    OverlapOption,
    RecipeOption,
    SetOption,
    StepsOption,
    StoreOption,
    TrackingOption,
    TrainingDataOption,
    VariantOption,
    WorkersOption,
    assigned,
    default_workers,
    factor_values,
    levels,
    study_name,
    typed_options,
)
from workbench.cli.plan_file import planned
from workbench.cli.seeds import seed_rule
from workbench.config.bounds import MOST_TRIALS
from workbench.errors import ConfigError
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB

ENGINE = ("workers", "engine", "address", "cpus", "gpus")
BESIDE_PLAN = (
    *ENGINE,
    "plan",
    "retry",
    "store",
    "tracking_uri",
    "dry_run",
    "yes",
    "as_json",
    "allow_overlap",
)
"""Parameters that say how a study is run, not what it is."""


def ablate(
    context: typer.Context,
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
            max=MOST_TRIALS,
            help="Most trials of --shapley, finished ones included.",
            show_default=str(DEFAULT_BUDGET),
        ),
    ] = None,
    factor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE,...", help="A field and its values, such as model.channels=20,24."
        ),
    ] = None,
    design: Annotated[
        Design | None,
        typer.Option(help="Which networks are trained.", show_default="leave-one-out"),
    ] = None,
    match: Annotated[
        Literal["parameters"] | None,
        typer.Option(help="Compare also with the base at each variant's number of parameters."),
    ] = None,
    retune: Annotated[
        Literal["learning-rate"] | None,
        typer.Option(help="Choose it for each network first, with the same small budget."),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A YAML file that says all of this, in place of the options."
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            help="How many seeds, a list such as 1,5,9, or 3..10: more seeds for what is "
            "undecided. The same for all networks.",
            show_default="3",
        ),
    ] = None,
    recipe_name: RecipeOption = "smoke",
    steps: StepsOption = None,
    data: TrainingDataOption = None,
    validation: Annotated[
        str | None,
        typer.Option(metavar="[NAME=]FOLDER", help="Images for the learning curves."),
    ] = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    margin_db: MarginOption = MARGIN_DB,
    alpha: AlphaOption = ALPHA,
    set_: SetOption = None,
    workers: WorkersOption = None,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="Who runs the trials: processes of this machine, or Ray Tune."),
    ] = "local",
    address: AddressOption = None,
    cpus: CpusOption = 1.0,
    gpus: GpusOption = 0.0,
    store: StoreOption = DEFAULT_STORE,
    study: Annotated[
        str | None, typer.Option(help="Name in MLflow; made from base, recipe and data if absent.")
    ] = None,
    tracking_uri: TrackingOption = None,
    retry: Annotated[  # noqa: ARG001
        Literal["failed"] | None,
        typer.Option(help="As in search; ablate always runs again what failed before."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would run, and run nothing.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before a study of more than an hour.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a network and variants of it under the same seeds, and compare them.

    With --path: run every network on the way between two presets, and say what each step brings.

    Trials that are finished are taken from the store; a stopped run goes on where it was.
    """
    if plan is not None:
        _check_alone(context)
        request = planned(plan)
    else:
        asked = Asked(
            choice=Choice(
                variants=tuple(variant or ()),
                base=base,
                path=path,
                order=order,
                shapley=shapley,
                budget=budget,
                design=design,
                factors=factor_values(factor),
                match=match is not None,
                retune=retune is not None,
            ),
            seeds=seed_rule(seeds or "3"),
            recipe=recipe_name,
            steps=steps,
            data=data or (),
            validation=validation,
            benchmarks=benchmark or (),
            overrides=assigned(set_),
            levels=levels(alpha, margin_db),
            study=study_name(study),
        )
        request = make_request(asked)
    if request.remark:
        note(request.remark)
    # What follows needs numpy and more, which --help does not.
    from workbench.cli.ablate_steps import Place, print_plan, run
    from workbench.cli.study_views import show_study
    from workbench.execution.engines import engine_of

    runs = engine_of(engine, address, cpus, gpus)
    if dry_run:
        print_plan(request, store, as_json=as_json)
        return
    count = workers or default_workers(request.plan.base.config.training.device)
    command = shlex.join(["workbench", *sys.argv[1:]])
    allow_overlap = allow_overlap or request.allow_overlap
    place = Place(store, count, tracking_uri, command, runs, allow_overlap)
    run(request, place, yes=yes, as_json=as_json)
    if request.shapley is None:  # whose many networks have no verdicts of their own
        show_study(request.plan.study, place)


def _check_alone(context: typer.Context) -> None:
    """Refuse options that a plan file says already.

    Raises:
        ConfigError: Naming the first of them.
    """
    for name, option in typed_options(context).items():
        if name not in BESIDE_PLAN:
            raise ConfigError(f"{option} means nothing with --plan, whose file says it")
