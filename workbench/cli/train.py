"""`workbench train`: one network, and where its weights are."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.console import confirmed
from workbench.cli.execution_options import DevicesOption, YesOption
from workbench.cli.help import WHAT
from workbench.cli.option_values import trial_spec, typed_command, typed_options
from workbench.cli.options import (
    BenchmarkOption,
    JsonOption,
    OverlapOption,
    RecipeOption,
    SetOption,
    StepsOption,
    StoreOption,
    StudyOption,
    TrackingOption,
    TrainingDataOption,
    ValidationOption,
)
from workbench.cli.time_limits import TimeLimitOption, early_end
from workbench.cli.weights_options import OutOption, OverwriteOption, SeedOption
from workbench.errors import ConfigError
from workbench.execution.executors import executor_spec
from workbench.experiments.defaults import DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.run_context import RunContext, start_without_asking
from workbench.experiments.study_spec import study_name
from workbench.experiments.train_spec import TrainSpec

if TYPE_CHECKING:  # which --help does not need
    from workbench.experiments.training import TrainedNetwork

IN_FILE = ("recipe_name", "steps", "data", "validation", "benchmark")
"""Parameters that a config file holds already."""


VariantsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        metavar="NAME",
        help="A variant of it; repeatable, applied in this order.",
        rich_help_panel=WHAT,
    ),
]


def train(
    context: typer.Context,
    network: Annotated[
        str,
        typer.Argument(
            metavar="PRESET|FILE",
            help="A preset, a YAML file with the config of a trial, or package.module:Class, a "
            "network of your own.",
        ),
    ],
    variant: VariantsOption = None,
    seed: SeedOption = None,
    recipe_name: RecipeOption = DEFAULT_RECIPE,
    steps: StepsOption = None,
    data: TrainingDataOption = None,
    validation: ValidationOption = None,
    benchmark: BenchmarkOption = None,
    allow_overlap: OverlapOption = False,
    set_: SetOption = None,
    out: OutOption = None,
    overwrite: OverwriteOption = False,
    store: StoreOption = DEFAULT_STORE,
    study: StudyOption = None,
    tracking_uri: TrackingOption = None,
    devices: DevicesOption = None,
    yes: YesOption = False,
    time_limit: TimeLimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train one network, score it, and say where its weights are.

    The same command resumes a training that was stopped, and finds one that is finished. FILE is
    the `config.yaml` that MLflow shows beside every trial; it holds recipe, images and seed, too.

    Example:
        workbench train mdrn-s --variant no-lvar --recipe short --seed 2
    """
    trial = trial_spec(recipe_name, steps, data, validation, benchmark, set_)
    spec = TrainSpec(network, tuple(variant or ()), seed, trial, study_name(study))
    # numpy and more, which --help does not need
    from workbench.cli.terminal import emit
    from workbench.experiments.training import train_network
    from workbench.experiments.weights import TrainedWeights, check_target, copy_weights

    if spec.is_file:
        _check_beside_file(context)
    if out is not None:
        check_target(out)
    run = RunContext(
        store,
        workers=1,
        tracking_uri=tracking_uri,
        command=typed_command(),
        executor=executor_spec("local", devices=devices),
        allow_overlap=allow_overlap,
        confirm=start_without_asking if yes else confirmed,
        time_limit=time_limit,
    )
    with early_end(store, as_json=as_json):
        trained = train_network(spec, run, emit)
    if out is not None:
        found = TrainedWeights(trained.variant, trained.seed, trained.result, trained.weights)
        copy_weights(found, store, out, replace=overwrite)
    _print(trained, out or trained.weights, as_json=as_json)


def _check_beside_file(context: typer.Context) -> None:
    """Refuse options that a config file holds already.

    Raises:
        ConfigError: Naming the first of them.
    """
    for name, option in typed_options(context).items():
        if name in IN_FILE:
            raise ConfigError(
                f"{option} cannot be given with a config file, which holds it; use --set"
            )


def _print(trained: "TrainedNetwork", weights: Path, *, as_json: bool) -> None:
    from workbench.cli.comparison_table import print_warning
    from workbench.cli.console import OUT, note, print_json
    from workbench.cli.evaluate_table import print_means
    from workbench.experiments.training import training_warnings

    result = trained.result
    if as_json:
        print_json(
            {
                "study": trained.study,
                "variant": trained.variant,
                "seed": trained.seed,
                "key": result.key,
                "weights": str(weights),
                "weights_hash": result.weights_hash,
                "training_s": result.training_s,
                "scores": {s.dataset: s.mean().plain() for s in result.scores},
            }
        )
        return
    print_means(result.scores)
    for text in training_warnings(trained):
        print_warning(text)
    OUT.print(f"weights: {weights}", soft_wrap=True)
    if trained.was_finished:
        note(f"{trained.variant} seed {trained.seed} was finished before; nothing was trained")
    note(f"study {trained.study}")
