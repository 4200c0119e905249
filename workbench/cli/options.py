"""Options that several commands share, and what they mean. No torch."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from workbench.config.bounds import MOST_STEPS, MOST_THREADS, MOST_TILE_PX
from workbench.config.data import ImageSource
from workbench.config.overrides import Config, apply_overrides
from workbench.config.presets import CANONICAL
from workbench.config.yaml_files import parse_scalar
from workbench.errors import ConfigError
from workbench.statistics.decision_rule import DecisionRule
from workbench.system.text import check_file_name, check_name

DEFAULT_STORE = Path("mlflow_runs")
MOST_WORKERS = 1_024
MOST_MARGIN_DB = 100.0

StoreOption = Annotated[
    Path, typer.Option("--store", help="Folder of ledger, packed images and MLflow database.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON with units in the keys.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a field, such as model.channels=24."),
]
PresetOption = Annotated[
    str, typer.Option("--base", metavar="PRESET", help="Network that variants are changes of.")
]
VariantOption = Annotated[
    list[str] | None,
    typer.Option("--variant", metavar="NAME", help="A variant, repeatable; `all` for every one."),
]
TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        envvar="MLFLOW_TRACKING_URI",
        help="MLflow server or database; the store's own by default.",
    ),
]
TileOption = Annotated[
    int | None,
    typer.Option(
        "--tile", metavar="PX", min=1, max=MOST_TILE_PX, help="Run in tiles of this size, LR px."
    ),
]
TileOverlapOption = Annotated[
    int,
    typer.Option(
        "--tile-overlap",
        metavar="PX",
        min=0,
        max=MOST_TILE_PX,
        help="What a tile sees more on each inner side.",
    ),
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=1, max=MOST_THREADS, help="CPU threads.")
]
DeviceOption = Annotated[str, typer.Option("--device", help="cpu or cuda.")]
RecipeOption = Annotated[
    str, typer.Option("--recipe", metavar="NAME", help="smoke, demo, short or factsheet.")
]
TrainingDataOption = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="[NAME=]FOLDER", help="Training images, repeatable."),
]
BenchmarkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--benchmark", metavar="[NAME=]FOLDER", help="Images for the final scores, repeatable."
    ),
]
StepsOption = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        min=1,
        max=MOST_STEPS,
        help="Scale the recipe to N steps in all, its stages and milestones in proportion.",
    ),
]
RecursiveOption = Annotated[
    bool, typer.Option("--recursive", help="Also the images in subfolders.")
]
OverlapOption = Annotated[
    bool,
    typer.Option(
        "--allow-overlap",
        help="Train also on images that are scored; every table then says so.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=MOST_WORKERS, help="Trials at a time; one for each core by default."
    ),
]
AddressOption = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="A Ray cluster, with --engine ray.")
]
CpusOption = Annotated[
    float, typer.Option(min=0.0, max=MOST_WORKERS, help="Cores of a trial, with Ray.")
]
GpusOption = Annotated[
    float, typer.Option(min=0.0, max=MOST_WORKERS, help="GPUs of a trial, with Ray.")
]
MarginOption = Annotated[
    float,
    typer.Option(
        "--margin",
        metavar="DB",
        min=0.0,
        max=MOST_MARGIN_DB,
        help="Differences within it are equivalent.",
    ),
]
AlphaOption = Annotated[
    float,
    typer.Option(
        "--alpha", metavar="RATE", min=0.0, max=1.0, help="Error rate of the whole family."
    ),
]
DEFAULT_BASE = CANONICAL


def set_values(config: Config, assignments: Sequence[str] | None) -> Config:
    """Apply every `--set KEY=VALUE`.

    Raises:
        ConfigError: For a missing `=`, an unknown key, or a value that breaks a rule.
    """
    return overridden(config, assigned(assignments))


def assigned(assignments: Sequence[str] | None) -> dict[str, object]:
    """Read every `--set KEY=VALUE`.

    Raises:
        ConfigError: For a missing `=`, a value that is not YAML, or a key that repeats.
    """
    overrides: dict[str, object] = {}
    for text in assignments or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set must be KEY=VALUE, got {text!r}")
        if key in overrides:
            raise ConfigError(f"--set {key}: is given twice")
        overrides[key] = parse_scalar(value, f"--set {key}")
    return overrides


def typed_options(context: typer.Context) -> dict[str, str]:
    """Return what was given on the command line, parameter to option, and not by default."""
    found = {}
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            found[name] = parameter.opts[0]
    return found


def overridden(config: Config, overrides: Mapping[str, object]) -> Config:
    """Apply overrides that the user gave.

    Raises:
        ConfigError: For an unknown key, or a value that breaks a rule.
    """
    try:
        return apply_overrides(config, overrides)
    except ConfigError as error:
        raise ConfigError(f"--set {error}{_steps_hint(str(error), overrides)}") from None


def _steps_hint(error: str, overrides: Mapping[str, object]) -> str:
    """Return what an error about milestones should add if only steps were set."""
    steps = [value for key, value in overrides.items() if key.endswith(".steps")]
    if "milestones must lie" not in error or not steps:
        return ""
    example = steps[0] if len(steps) == 1 else "N"
    return f"; --steps {example} in its place scales the whole recipe, its milestones with it"


def image_source(text: str, option: str) -> ImageSource:
    """Read `FOLDER` or `NAME=FOLDER`; the name is the folder's own by default.

    Raises:
        ConfigError: If either part is empty, or the name cannot be shown as it is.
    """
    name, equals, folder = text.partition("=")
    if not equals:
        name, folder = Path(text).resolve().name, text
    if not name or not folder:
        raise ConfigError(f"{option} must be FOLDER or NAME=FOLDER, got {text!r}")
    try:
        check_name(name, option)
    except ConfigError as error:
        raise ConfigError(f"{error}; NAME=FOLDER gives another name") from None
    if not folder.startswith("embedded:"):
        folder = str(Path(folder).expanduser().absolute())
    return ImageSource(name=name, folder=folder)


def margin(value: float) -> float:
    """Check the margin of equivalence in dB.

    Raises:
        ConfigError: If it is out of bounds.
    """
    if not 0 <= value <= MOST_MARGIN_DB:
        raise ConfigError(f"--margin must lie in 0..{MOST_MARGIN_DB:g} dB, got {value}")
    return value


def levels(alpha: float, margin_db: float) -> DecisionRule:
    """Check error rate and margin.

    Raises:
        ConfigError: If the rate is not between 0 and 1, or the margin not at least 0 dB.
    """
    if not 0 < alpha < 1:
        raise ConfigError(f"--alpha must be between 0 and 1, got {alpha:g}")
    return DecisionRule(alpha, margin(margin_db))


def study_name(text: str | None) -> str | None:
    """Check the name of a study, which is also that of a file.

    Raises:
        ConfigError: If it cannot be the name of a file on every system.
    """
    return None if text is None else check_file_name(text, "--study")


def factor_values(texts: Sequence[str] | None) -> dict[str, tuple[object, ...]]:
    """Read every `--factor KEY=V1,V2`, or `KEY=[...]` where values hold commas.

    Raises:
        ConfigError: For a missing `=`, a value that is not YAML, or a key that repeats.
    """
    found: dict[str, tuple[object, ...]] = {}
    for text in texts or ():
        key, equals, values = text.partition("=")
        if not equals or not key or not values:
            raise ConfigError(f"--factor must be KEY=VALUE,VALUE,..., got {text!r}")
        if key in found:
            raise ConfigError(f"--factor {key}: is given twice")
        whole = values if values.startswith("[[") else f"[{values}]"
        listed = parse_scalar(whole, f"--factor {key}")
        assert isinstance(listed, list)
        found[key] = tuple(listed)
    return found


def default_workers(device: str) -> int:
    """One trial a core, each with one thread; one trial at a time on a GPU."""
    if device == "cuda":
        return 1
    # Where the system tells, only the cores that this process may use.
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
