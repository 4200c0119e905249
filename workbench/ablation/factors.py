"""Factors of a design: a variant, or a field of the config with several values. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.ablation.variant import Variant
from workbench.config.network import named_network
from workbench.config.overrides import apply_overrides, value_at
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import Change


@dataclass(frozen=True)
class FieldChange:
    """Other values of fields of the config than the base has; a `Change` like a variant."""

    name: str
    """Its name in tables, such as `channels=24`."""
    question: str
    overrides: Mapping[str, Any]
    """By dotted key."""
    origin: str = "--factor"

    @property
    def label(self) -> str:
        """Its name in error messages."""
        return f"factor {self.name!r}"

    def apply(self, config: TrialConfig) -> TrialConfig:
        """Return `config` with these values.

        Raises:
            ConfigError: If they mean nothing there.
        """
        try:
            return apply_overrides(config, self.overrides)
        except ConfigError as error:
            raise ConfigError(f"factor {self.name}: {error}") from None


@dataclass(frozen=True)
class NetworkChange:
    """Another network in place of the base's; a `Change` like a variant."""

    name: str
    preset: str
    """Name of a preset, or `package.module:Class`."""
    overrides: Mapping[str, Any]
    """By dotted key."""
    origin: str

    @property
    def question(self) -> str:
        """The question that it answers."""
        changed = ", ".join(f"{k.rpartition('.')[2]} {v}" for k, v in self.overrides.items())
        return f"{self.preset} with {changed}" if changed else self.preset

    @property
    def label(self) -> str:
        """Its name in error messages."""
        return f"network {self.name!r}"

    def apply(self, config: TrialConfig) -> TrialConfig:
        """Return `config` with this network.

        Raises:
            ConfigError: If there is no such preset, or it cannot be changed so.
        """
        try:
            network = config.model_copy(update={"model": named_network(self.preset)})
            return apply_overrides(network, self.overrides)
        except ConfigError as error:
            raise ConfigError(f"{self.label}: {error}") from None


@dataclass(frozen=True)
class Factor:
    """A part of the config that has the base's setting or one of several levels."""

    name: str
    levels: tuple[Change, ...]
    """The settings to try, without the base's own: a variant, or values of a field."""


def variant_factor(variant: Variant) -> Factor:
    """Return a variant as a factor of two levels: the base's, and the variant's."""
    return Factor(variant.name, (variant,))


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
        FieldChange(
            name=f"{short}={_text(value)}",
            question=f"What does {short} {_text(value)} change, in place of {_text(own)}?",
            overrides={key: value},
        )
        for value in others
    )
    return Factor(short, levels)


def _text(value: object) -> str:
    return "none" if value is None else str(value).replace(" ", "")
