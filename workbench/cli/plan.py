"""`workbench plan`: how many seeds a study needs, before it is run."""

from typing import Annotated

import typer

from workbench.cli.execution_options import DevicesOption, LanesOption, WorkersOption
from workbench.cli.help import STATISTICS, WHAT
from workbench.cli.option_values import trial_spec, typed_command
from workbench.cli.options import (
    AlphaOption,
    BenchmarkOption,
    JsonOption,
    OverlapOption,
    PresetOption,
    RecipeOption,
    SetOption,
    StepsOption,
    StoreOption,
    TrainingDataOption,
    ValidationOption,
)
from workbench.execution.executors import executor_spec
from workbench.experiments.defaults import DEFAULT_BASE, DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.run_context import RunContext
from workbench.experiments.study_spec import StudySpec
from workbench.statistics.decision_rule import ALPHA

VariantsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="VARIANT...", help="Variants, by name or YAML file.", show_default=False
    ),
]
EffectOption = Annotated[
    float,
    typer.Option(
        metavar="DB",
        min=0,
        max=100,
        help="True difference that the study is to find.",
        rich_help_panel=WHAT,
    ),
]
PowerOption = Annotated[
    float,
    typer.Option(
        "--power",
        metavar="SHARE",
        min=0,
        max=1,
        help="Share of such studies that find it.",
        rich_help_panel=STATISTICS,
    ),
]


def _sd_option(name: str, text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        name,
        metavar="DB",
        min=0,
        max=10,
        help=text,
        show_default="from the store",
        rich_help_panel=STATISTICS,
    )
    return option


SeedSdOption = Annotated[
    float | None, _sd_option("--seed-sd", "Standard deviation of a difference over seeds.")
]
ImageSdOption = Annotated[
    float | None, _sd_option("--image-sd", "Standard deviation of a difference over images.")
]
RestSdOption = Annotated[
    float | None,
    _sd_option("--rest-sd", "Standard deviation of what is left for one seed and image."),
]


def plan(
    variants: VariantsArgument,
    effect: EffectOption = 0.02,
    power: PowerOption = 0.8,
    base: PresetOption = DEFAULT_BASE,
    recipe_name: RecipeOption = DEFAULT_RECIPE,
    steps: StepsOption = None,
    set_: SetOption = None,
    data: TrainingDataOption = None,
    validation: ValidationOption = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    alpha: AlphaOption = ALPHA,
    seed_sd: SeedSdOption = None,
    image_sd: ImageSdOption = None,
    rest_sd: RestSdOption = None,
    workers: WorkersOption = None,
    lanes: LanesOption = None,
    devices: DevicesOption = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Say how many seeds a study needs to find an effect, and how long it takes here.

    Studies are simulated with the spreads of finished trials of the same recipe and images, or with
    those that you state; nothing is trained. (A plan file, which defines a study to be run, is
    something else: `workbench ablate --plan FILE`.)

    Example:
        workbench plan no-lvar no-cca --effect 0.02 --power 0.8 --recipe short
    """
    from workbench.cli.plan_table import print_plan
    from workbench.cli.terminal import emit
    from workbench.experiments.planning import plan_power
    from workbench.experiments.power_plan import PowerSpec

    spec = PowerSpec(tuple(variants), effect, power, alpha, seed_sd, image_sd, rest_sd)
    trials = trial_spec(recipe_name, steps, data, validation, benchmark, set_)
    context = RunContext(
        store,
        workers or 0,
        None,
        typed_command(),
        executor_spec("local", lanes=lanes, devices=devices, workers=workers),
        allow_overlap,
    )
    study = StudySpec(base=base, trial=trials, allow_overlap=allow_overlap)
    print_plan(plan_power(spec, study, context, emit), as_json=as_json)
