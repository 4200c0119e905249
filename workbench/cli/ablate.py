"""`workbench ablate`: the canonical network against variants of it, under the same seeds."""

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer

from workbench.ablation.plan import make_plan
from workbench.ablation.variant import find_variants, local_variants
from workbench.cli.console import note
from workbench.cli.options import (
    DEFAULT_BASE,
    DEFAULT_STORE,
    JsonOption,
    PresetOption,
    SetOption,
    StoreOption,
    TrackingOption,
    VariantOption,
    default_workers,
    image_source,
    seed_list,
    set_values,
)
from workbench.config.data import DataConfig
from workbench.config.evaluation import EvaluationConfig
from workbench.config.presets import preset, recipe
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError


def ablate(
    variant: VariantOption = None,
    base: PresetOption = DEFAULT_BASE,
    seeds: Annotated[
        str, typer.Option(help="How many seeds, or a list such as 1,5,9. The same for all arms.")
    ] = "3",
    recipe_name: Annotated[
        str, typer.Option("--recipe", metavar="NAME", help="smoke, short or factsheet.")
    ] = "smoke",
    data: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FOLDER", help="Training images, repeatable."),
    ] = None,
    validation: Annotated[
        str | None,
        typer.Option(metavar="[NAME=]FOLDER", help="Images for the learning curves."),
    ] = None,
    benchmark: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FOLDER", help="Images for the final scores, repeatable."),
    ] = None,
    set_: SetOption = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Trials at a time; one for each core by default.")
    ] = None,
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

    Trials that are finished are taken from the store; a stopped run goes on where it was.
    """
    if not variant:
        raise ConfigError("--variant is needed; `workbench variants` lists them, `all` means all")
    config = set_values(_trial_config(base, recipe_name, data, validation, benchmark), set_)
    variants = find_variants(variant)
    for local in local_variants(variants):
        note(f"variant {local.name} comes from {local.path}")
    if study and Path(study).name != study:
        raise ConfigError(f"--study must be a name without slashes, got {study!r}")
    plan = make_plan(
        study or _study(base, recipe_name, config), base, config, variants, seed_list(seeds)
    )
    # What follows needs numpy and more, which --help does not.
    from workbench.cli.ablate_steps import print_plan, run

    if dry_run:
        print_plan(plan, store, as_json=as_json)
        return
    count = workers or default_workers(config.training.device)
    run(plan, store, count, tracking_uri, as_json=as_json)


def _trial_config(
    base: str,
    recipe_name: str,
    data: list[str] | None,
    validation: str | None,
    benchmark: list[str] | None,
) -> TrialConfig:
    """Assemble the base's trial; what is not given keeps its default."""
    training = tuple(image_source(text, "--data") for text in data or ())
    benchmarks = tuple(image_source(text, "--benchmark") for text in benchmark or ())
    data_fields = DataConfig().plain()
    if training:
        data_fields["training"] = [source.plain() for source in training]
    if validation:
        data_fields["validation"] = image_source(validation, "--validation").plain()
    fields = {
        "model": preset(base).plain(),
        "training": recipe(recipe_name).plain(),
        "data": data_fields,
    }
    if benchmarks:
        fields["evaluation"] = EvaluationConfig().plain() | {
            "benchmarks": [source.plain() for source in benchmarks]
        }
    return TrialConfig.parse(fields)


def _study(base: str, recipe_name: str, config: TrialConfig) -> str:
    """Name a study; a digest keeps runs of different settings apart."""
    data = "+".join(source.name for source in config.data.training)
    digest = hashlib.sha256(json.dumps(config.plain(), sort_keys=True).encode()).hexdigest()[:6]
    return f"{base}_{recipe_name}_{data}_{digest}"
