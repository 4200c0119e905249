"""Builders of tests: paths."""

from workbench.ablation.path import AblationPath, make_path
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig


def trial(name: str, **overrides: object) -> TrialConfig:
    dotted = {f"model.{key}": value for key, value in overrides.items()}
    return apply_overrides(TrialConfig(model=PRESETS[name], training=RECIPES["smoke"]), dotted)


def path(start: str = "bsrn", end: str = "mdrn-s", order: tuple[str, ...] = ()) -> AblationPath:
    return make_path((start, end), trial(start), trial(end), order)
