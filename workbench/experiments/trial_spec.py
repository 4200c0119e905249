"""How the trials of a study, a search or a single training are requested. No torch, no numpy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.config.data import DataConfig, ImageSource
from workbench.config.evaluation import EvaluationConfig
from workbench.config.network import Network, named_network
from workbench.config.overrides import Config, apply_overrides
from workbench.config.presets import recipe
from workbench.config.scaling import scaled
from workbench.config.training import TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_RECIPE
from workbench.system.text import check_name

_SETS_STEPS = re.compile(r"training(\.stages(\.\d+(\.steps)?)?)?")


@dataclass(frozen=True)
class TrialSpec:
    """Training and images that all trials share. What is not given keeps its default."""

    recipe: str = DEFAULT_RECIPE
    """Name of a recipe, such as smoke, demo, short, medium, long or factsheet."""
    steps: int | None = None
    """Steps of all stages together, to which the recipe is scaled; None for the recipe's own."""
    data: Sequence[str] = ()
    """Training images, each `FOLDER` or `NAME=FOLDER`; none for the recipe's defaults."""
    validation: str | None = None
    """Images of the learning curves, likewise."""
    benchmarks: Sequence[str] = ()
    """Images of the final scores, likewise."""
    overrides: Mapping[str, object] = field(default_factory=dict)
    """Dotted key of the trial -> value, such as `model.channels` -> 24."""


def trial_config(network: str | Network, spec: TrialSpec) -> TrialConfig:
    """Assemble the trial of a preset.

    Args:
        network: Name of the preset, `package.module:Class`, or the network itself.
        spec: What is requested besides.

    Raises:
        ConfigError: For an unknown preset, recipe or key, a value that breaks a rule, or a data
            set that cannot be shown under its name.
    """
    data = DataConfig().plain()
    if spec.data:
        data["training"] = [image_source(text, "--data").plain() for text in spec.data]
    if spec.validation:
        data["validation"] = image_source(spec.validation, "--validation").plain()
    evaluation = EvaluationConfig().plain()
    if spec.benchmarks:
        sources = [image_source(text, "--benchmark") for text in spec.benchmarks]
        evaluation["benchmarks"] = [source.plain() for source in sources]
    trial = TrialConfig.parse(
        {
            "model": (named_network(network) if isinstance(network, str) else network).plain(),
            "training": lengthened(recipe(spec.recipe), spec.steps, spec.overrides).plain(),
            "data": data,
            "evaluation": evaluation,
        }
    )
    changed = overridden(trial, spec.overrides)
    for source in (*changed.data.training, changed.data.validation, *changed.evaluation.benchmarks):
        check_name(source.name, "name of a data set")
    return changed


def lengthened(
    training: TrainingConfig, steps: int | None, overrides: Mapping[str, object]
) -> TrainingConfig:
    """Return a recipe scaled to `--steps`, to which overrides are applied afterwards.

    Args:
        training: The recipe.
        steps: Of all stages together; None for its own.
        overrides: Those of `--set`.

    Raises:
        ConfigError: For too few steps, or overrides that set the steps again.
    """
    if steps is None:
        return training
    again = next((key for key in overrides if _SETS_STEPS.fullmatch(key)), None)
    if again is not None:
        raise ConfigError(
            f"--steps and --set {again} both set the number of steps; use one of them"
        )
    return scaled(training, steps)


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

    Args:
        text: What the user wrote.
        option: What an error names first, such as `--data`.

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
