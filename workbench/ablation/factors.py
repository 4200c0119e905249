"""Factors of a design: a variant, or a field of the config with several values. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.ablation.variant import Variant
from workbench.config.overrides import apply_overrides, value_at
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError


@dataclass(frozen=True)
class Level:
    """One setting of a factor that the base does not have."""

    name: str
    """What tables call it, such as `no-lvar` or `channels=24`."""
    question: str
    change: Variant | Mapping[str, Any]
    """A variant, or overrides."""

    @property
    def label(self) -> str:
        """What errors call it."""
        return self.change.label if isinstance(self.change, Variant) else f"factor {self.name!r}"

    @property
    def origin(self) -> str:
        """Where its change was read."""
        return self.change.origin if isinstance(self.change, Variant) else "--factor"

    def apply(self, config: TrialConfig) -> TrialConfig:
        """Return `config` with this setting.

        Raises:
            ConfigError: If it means nothing there.
        """
        if isinstance(self.change, Variant):
            return self.change.apply(config)
        try:
            return apply_overrides(config, self.change)
        except ConfigError as error:
            raise ConfigError(f"factor {self.name}: {error}") from None


@dataclass(frozen=True)
class Factor:
    """A part of the config that has the base's setting or one of several levels."""

    name: str
    levels: tuple[Level, ...]
    """The settings to try, without the base's own."""


def variant_factor(variant: Variant) -> Factor:
    """Return a variant as a factor of two levels: the base's, and the variant's."""
    return Factor(variant.name, (Level(variant.name, variant.question, variant),))


def field_factor(key: str, values: Sequence[object], base: TrialConfig) -> Factor:
    """Return a field of the config as a factor; the base's own value is no level of it.

    Args:
        key: Dotted, such as `model.channels`.
        values: At least one that the base does not have.
        base: The config that has the field.

    Raises:
        ConfigError: If there is no such field, a value repeats, or all values are the base's.
    """
    own = value_at(base.plain(), key)
    short = key.rpartition(".")[2]
    if len({repr(value) for value in values}) < len(values):
        raise ConfigError(f"factor {key}: a value must not repeat, got {list(values)}")
    others = [value for value in values if value != own]
    if not others:
        raise ConfigError(
            f"factor {key}: needs a value besides the base's own, {own}, got {list(values)}"
        )
    levels = tuple(
        Level(
            name=f"{short}={_text(value)}",
            question=f"What does {short} {_text(value)} change, in place of {_text(own)}?",
            change={key: value},
        )
        for value in others
    )
    return Factor(short, levels)


def _text(value: object) -> str:
    return "none" if value is None else str(value).replace(" ", "")
