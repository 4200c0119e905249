"""`workbench ablate`: a network against variants of it, or the path from one to another."""

from pathlib import Path

import typer

from workbench.cli.ablate_options import (
    BaseOption,
    BudgetOption,
    DesignOption,
    DryRunOption,
    ErrorRateOption,
    FactorOption,
    FromOption,
    HealOption,
    MatchOption,
    OrderOption,
    PathOption,
    PlanOption,
    RetryOption,
    RetuneOption,
    SeedsOption,
    ShapleyOption,
)
from workbench.cli.console import confirmed
from workbench.cli.execution_options import (
    AddressOption,
    CpusOption,
    DevicesOption,
    EngineOption,
    GpusOption,
    LanesOption,
    WorkersOption,
    YesOption,
)
from workbench.cli.option_values import (
    factor_values,
    names,
    trial_spec,
    typed_command,
    typed_options,
)
from workbench.cli.options import (
    AlphaOption,
    BenchmarkOption,
    JsonOption,
    MarginOption,
    OverlapOption,
    RecipeOption,
    SetOption,
    StepsOption,
    StoreOption,
    StudyOption,
    TrackingOption,
    TrainingDataOption,
    ValidationOption,
    VariantOption,
)
from workbench.cli.time_limits import TimeLimitOption, early_end
from workbench.errors import ConfigError
from workbench.execution.executors import executor_spec
from workbench.experiments.defaults import DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.plan_file import read_plan
from workbench.experiments.run_context import RunContext, start_without_asking
from workbench.experiments.seeds import seed_rule
from workbench.experiments.study_spec import StudySpec, decision_rule, study_name
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB

ENGINE = ("workers", "lanes", "devices", "engine", "address", "cpus", "gpus")
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
    "time_limit",
)
"""Parameters that say how a study is run, not what it is."""


def ablate(
    context: typer.Context,
    variant: VariantOption = None,
    base: BaseOption = None,
    path: PathOption = None,
    order: OrderOption = None,
    shapley: ShapleyOption = False,
    budget: BudgetOption = None,
    factor: FactorOption = None,
    design: DesignOption = None,
    match: MatchOption = None,
    retune: RetuneOption = None,
    from_: FromOption = None,
    heal: HealOption = None,
    plan: PlanOption = None,
    seeds: SeedsOption = None,
    recipe_name: RecipeOption = DEFAULT_RECIPE,
    steps: StepsOption = None,
    data: TrainingDataOption = None,
    validation: ValidationOption = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    margin_db: MarginOption = MARGIN_DB,
    alpha: AlphaOption = ALPHA,
    error_rate: ErrorRateOption = "dataset",
    set_: SetOption = None,
    workers: WorkersOption = None,
    lanes: LanesOption = None,
    devices: DevicesOption = None,
    engine: EngineOption = "local",
    address: AddressOption = None,
    cpus: CpusOption = 1.0,
    gpus: GpusOption = 0.0,
    time_limit: TimeLimitOption = None,
    store: StoreOption = DEFAULT_STORE,
    study: StudyOption = None,
    tracking_uri: TrackingOption = None,
    retry: RetryOption = None,  # noqa: ARG001
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a baseline and variants of it under the same seeds, and compare them.

    With --path: train every network on the path between two presets, and compare each step.
    Finished trials are taken from the store; rerun the same command to resume a stopped study.

    Example:
        workbench ablate --variant no-lvar --variant no-cca --recipe short --seeds 3
        workbench ablate --from mdrn-s.pth --variant no-lvar --benchmark Set5=Set5
    """
    spec = _planned(context, plan) or StudySpec(
        variants=tuple(variant or ()),
        base=base,
        path=path,
        order=names(order),
        shapley=shapley,
        budget=budget,
        design=design,
        factors=factor_values(factor),
        match=match is not None,
        retune=retune is not None,
        weights_from=from_,
        heal=heal,
        seeds=seed_rule(seeds or "3"),
        trial=trial_spec(recipe_name, steps, data, validation, benchmark, set_),
        rule=decision_rule(alpha, margin_db, error_rate),
        name=study_name(study),
    )
    executor = executor_spec(engine, address, cpus, gpus, lanes, devices, workers)
    confirm = start_without_asking if yes else confirmed
    place = (store, workers or 0, tracking_uri, typed_command(), executor, allow_overlap)
    run = RunContext(*place, confirm, time_limit)
    (_preview if dry_run else _run)(spec, run, as_json=as_json)


def _planned(context: typer.Context, plan: Path | None) -> StudySpec | None:
    """Return what a plan file requests, None without one.

    Raises:
        ConfigError: If options request it, too, or the file cannot be used.
    """
    if plan is None:
        return None
    for name, option in typed_options(context).items():
        if name not in BESIDE_PLAN:
            raise ConfigError(f"{option} cannot be combined with --plan: the plan file sets it")
    return read_plan(plan).spec(plan)


def _preview(spec: StudySpec, run: RunContext, *, as_json: bool) -> None:
    from workbench.cli.ablate_preview import print_preview
    from workbench.cli.terminal import emit
    from workbench.experiments.preview import preview

    print_preview(preview(spec, run.store, emit), run.store, as_json=as_json)


def _run(spec: StudySpec, run: RunContext, *, as_json: bool) -> None:
    from workbench.cli.ablate_report import print_outcome
    from workbench.cli.terminal import emit
    from workbench.experiments.ablation import run_study
    from workbench.experiments.study_plan import plan_study
    from workbench.experiments.study_views import show_study

    with early_end(run.store, as_json=as_json):
        outcome = run_study(plan_study(spec, emit, run.store), run, emit)
    print_outcome(outcome, run, as_json=as_json)
    if outcome.shapley is None:  # whose many networks have no verdicts of their own
        show_study(outcome.study, run, emit, outcome.declared_comparison)
