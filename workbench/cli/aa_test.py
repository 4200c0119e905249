"""`workbench aa-test`: how often the workbench's own verdicts err, and what they find."""

from typing import TYPE_CHECKING

from workbench.cli.aa_test_options import (
    GridOption,
    ImageSdOption,
    ImagesOption,
    RepeatsOption,
    RetrainingOption,
    SeedsOption,
    SimulateOption,
)
from workbench.cli.execution_options import DevicesOption, LanesOption, WorkersOption
from workbench.cli.option_values import trial_spec, typed_command
from workbench.cli.options import (
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
)
from workbench.cli.time_limits import TimeLimitOption, early_end
from workbench.errors import ConfigError
from workbench.execution.executors import executor_spec
from workbench.experiments.defaults import DEFAULT_BASE, DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.run_context import RunContext
from workbench.experiments.study_spec import margin
from workbench.experiments.trial_spec import TrialSpec
from workbench.statistics.decision_rule import MARGIN_DB

if TYPE_CHECKING:
    from workbench.experiments.audit import SimulationSpec


def aa_test(
    simulate: SimulateOption = False,
    grid: GridOption = False,
    seeds: SeedsOption = 6,
    repeats: RepeatsOption = 2_000,
    base: PresetOption = DEFAULT_BASE,
    recipe_name: RecipeOption = DEFAULT_RECIPE,
    steps: StepsOption = None,
    data: TrainingDataOption = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    set_: SetOption = None,
    workers: WorkersOption = None,
    lanes: LanesOption = None,
    devices: DevicesOption = None,
    time_limit: TimeLimitOption = None,
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
    images: ImagesOption = 100,
    retraining_sd: RetrainingOption = 0.014,
    image_sd: ImageSdOption = 0.07,
    margin_db: MarginOption = MARGIN_DB,
    as_json: JsonOption = False,
) -> None:
    """Compare a network with itself under fresh seeds: any difference that is found is false.

    It is trained under twice as many seeds as a study has, and the seeds are split into two studies
    again and again. With --simulate: studies with a known truth, false positives and power, also
    of families, looks, missing seeds and promotions.

    Example:
        workbench aa-test --base tiny --seeds 3 --recipe smoke
    """
    margin(margin_db)
    if grid and not simulate:
        raise ConfigError("--grid needs --simulate")
    if grid:
        _grid(repeats, as_json=as_json)
        return
    if simulate:
        from workbench.experiments.audit import SimulationSpec

        spec = SimulationSpec(seeds, images, repeats, retraining_sd, image_sd, margin_db)
        _simulate(spec, as_json=as_json)
        return
    trials = trial_spec(recipe_name, steps, data, None, benchmark, set_)
    context = RunContext(
        store,
        workers or 0,
        tracking_uri,
        typed_command(),
        executor_spec("local", lanes=lanes, devices=devices, workers=workers),
        allow_overlap=allow_overlap,
        time_limit=time_limit,
    )
    _retrain(base, seeds, trials, context, repeats, margin_db, as_json=as_json)


def _grid(repeats: int, *, as_json: bool) -> None:
    from workbench.cli.audit_table import print_grid
    from workbench.cli.terminal import emit
    from workbench.experiments.audit import simulate_grid

    print_grid(simulate_grid(repeats, emit), repeats, as_json=as_json)


def _simulate(spec: "SimulationSpec", *, as_json: bool) -> None:
    from workbench.cli.audit_table import print_simulation
    from workbench.cli.terminal import emit
    from workbench.experiments.audit import simulate, simulate_uses

    uses = simulate_uses(spec.repeats, emit)
    print_simulation(simulate(spec, emit), uses, spec, as_json=as_json)


def _retrain(
    base: str,
    seeds: int,
    spec: TrialSpec,
    context: RunContext,
    splits: int,
    margin_db: float,
    *,
    as_json: bool,
) -> None:
    from workbench.cli.ablate_report import print_where
    from workbench.cli.audit_table import print_audit
    from workbench.cli.terminal import emit
    from workbench.experiments.audit import audit_network, plan_audit

    plan = plan_audit(base, seeds, spec)
    with early_end(context.store, as_json=as_json):
        outcome = audit_network(plan, context, splits=splits, margin_db=margin_db, emit=emit)
    trained = outcome.trained
    print_where(trained.reused, trained.trials, context, in_mlflow=trained.in_mlflow)
    print_audit(outcome, margin_db, as_json=as_json)
