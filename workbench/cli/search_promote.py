"""`workbench search promote`: train a search's best networks again and judge them."""

from workbench.cli.execution_options import (
    AddressOption,
    CpusOption,
    DevicesOption,
    GpusOption,
    LanesOption,
    WorkersOption,
    YesOption,
)
from workbench.cli.option_values import assigned, typed_command
from workbench.cli.options import (
    JsonOption,
    OverlapOption,
    SetOption,
    StepsOption,
    StoreOption,
    TrackingOption,
)
from workbench.cli.search_execution_options import SearchEngineOption
from workbench.cli.search_options import (
    NewRecipeOption,
    PromotionNameOption,
    PromotionSeedsOption,
    SearchArgument,
    TopOption,
)
from workbench.cli.time_limits import TimeLimitOption, early_end
from workbench.experiments.defaults import DEFAULT_STORE


def promote(
    name: SearchArgument,
    top: TopOption = 3,
    recipe_name: NewRecipeOption = None,
    steps: StepsOption = None,
    set_: SetOption = None,
    allow_overlap: OverlapOption = False,
    seeds: PromotionSeedsOption = "1",
    workers: WorkersOption = None,
    lanes: LanesOption = None,
    devices: DevicesOption = None,
    engine: SearchEngineOption = "local",
    address: AddressOption = None,
    cpus: CpusOption = 1.0,
    gpus: GpusOption = 0.0,
    time_limit: TimeLimitOption = None,
    yes: YesOption = False,
    store: StoreOption = DEFAULT_STORE,
    study: PromotionNameOption = None,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the best networks of a search again and judge them against the canonical one.

    The canonical network is trained with them, under the same seeds and perhaps with another
    recipe.

    Example:
        workbench search promote my-search --top 2 --seeds 6 --recipe factsheet
    """
    from workbench.cli.ablate_report import print_outcome
    from workbench.cli.console import confirmed
    from workbench.cli.terminal import emit
    from workbench.execution.executors import executor_spec
    from workbench.experiments.promotion import PromotionSpec
    from workbench.experiments.promotion import promote as run_promotion
    from workbench.experiments.run_context import RunContext, start_without_asking
    from workbench.experiments.seeds import seed_rule
    from workbench.experiments.study_spec import study_name
    from workbench.experiments.study_views import show_study

    spec = PromotionSpec(
        name, top, seed_rule(seeds), recipe_name, steps, assigned(set_), study_name(study)
    )
    context = RunContext(
        store,
        workers or 0,
        tracking_uri,
        typed_command(),
        executor_spec(engine, address, cpus, gpus, lanes, devices, workers),
        allow_overlap,
        start_without_asking if yes else confirmed,
        time_limit,
    )
    with early_end(store, as_json=as_json):
        outcome = run_promotion(spec, context, emit)
    print_outcome(outcome, context, as_json=as_json)
    show_study(outcome.study, context, emit, outcome.declared_comparison)
