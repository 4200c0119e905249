"""`workbench search run`: search a space."""

from workbench.cli.execution_options import (
    AddressOption,
    CpusOption,
    DevicesOption,
    GpusOption,
    LanesOption,
    WorkersOption,
)
from workbench.cli.option_values import trial_spec, typed_command
from workbench.cli.options import (
    BenchmarkOption,
    JsonOption,
    OverlapOption,
    RecipeOption,
    SetOption,
    StepsOption,
    StoreOption,
    TrackingOption,
    TrainingDataOption,
    ValidationOption,
)
from workbench.cli.search_execution_options import (
    FreshOption,
    NoWarmStartOption,
    ResumeOption,
    RetryOption,
    SearchEngineOption,
)
from workbench.cli.search_limits import limits_of, rungs_of
from workbench.cli.search_options import (
    AsynchronousOption,
    AuditShareOption,
    BatchOption,
    KeepOption,
    LimitOption,
    ObjectiveOption,
    RungsOption,
    SamplerOption,
    SamplerSeedOption,
    SearchNameOption,
    SpaceArgument,
    TrialSeedsOption,
    TrialsOption,
)
from workbench.cli.time_limits import SearchTimeLimitOption, early_end
from workbench.execution.executors import executor_spec
from workbench.experiments.defaults import DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.run_context import RunContext
from workbench.experiments.search_spec import ResumePolicy, SearchSpec
from workbench.experiments.seeds import seed_rule
from workbench.experiments.study_spec import study_name


def run(
    space: SpaceArgument,
    trials: TrialsOption = 24,
    sampler: SamplerOption = "tpe",
    objective: ObjectiveOption = None,
    limit: LimitOption = None,
    rungs: RungsOption = None,
    keep: KeepOption = None,
    audit_share: AuditShareOption = None,
    batch: BatchOption = 4,
    asynchronous: AsynchronousOption = False,
    recipe_name: RecipeOption = DEFAULT_RECIPE,
    steps: StepsOption = None,
    set_: SetOption = None,
    data: TrainingDataOption = None,
    validation: ValidationOption = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    seed: SamplerSeedOption = 0,
    seeds: TrialSeedsOption = "1",
    workers: WorkersOption = None,
    lanes: LanesOption = None,
    devices: DevicesOption = None,
    engine: SearchEngineOption = "local",
    address: AddressOption = None,
    cpus: CpusOption = 1.0,
    gpus: GpusOption = 0.0,
    resume: ResumeOption = False,
    retry: RetryOption = None,
    fresh: FreshOption = False,
    cold: NoWarmStartOption = False,
    time_limit: SearchTimeLimitOption = None,
    store: StoreOption = DEFAULT_STORE,
    study: SearchNameOption = None,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search a space for the best networks within hard limits, or resume a search.

    The canonical network is trial 0. A network above a limit is never trained, no network is
    trained twice, and the worse candidates are stopped early at the rungs. Rerun the same command
    to resume a stopped search; more --trials continue a finished one.

    Example:
        workbench search mdrn-size --trials 40 --recipe short --limit 'parameters<=60000'
    """
    spec = SearchSpec(
        space=space,
        trials=trials,
        sampler=sampler,
        objectives=objective or (),
        limits=limits_of(limit),
        rungs=rungs_of(rungs),
        keep=keep,
        audit_share=audit_share,
        seed=seed,
        trial_seeds=seed_rule(seeds).seeds,
        batch=batch,
        asynchronous=asynchronous,
        trial=trial_spec(recipe_name, steps, data, validation, benchmark, set_),
        name=study_name(study),
    )
    executor = executor_spec(engine, address, cpus, gpus, lanes, devices, workers)
    place = (store, workers or 0, tracking_uri, typed_command(), executor, allow_overlap)
    context = RunContext(*place, time_limit=time_limit)
    policy = ResumePolicy(resume, retry is not None, fresh, not cold)
    _run(spec, context, policy, as_json=as_json)


def _run(spec: SearchSpec, context: RunContext, policy: ResumePolicy, *, as_json: bool) -> None:
    from workbench.cli.search_table import print_state
    from workbench.cli.search_terminal import SearchTerminal
    from workbench.experiments.search import search, show_search

    emit = SearchTerminal().emit
    with early_end(context.store, as_json=as_json):
        state = search(spec, context, policy, emit)
    print_state(state, as_json=as_json)
    show_search(state, context, emit)
