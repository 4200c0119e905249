"""Search spaces: what may vary, and hard limits. One YAML a space; the file's stem is its name."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from workbench.config.base import Frozen
from workbench.config.overrides import apply_overrides
from workbench.config.presets import RECIPES, preset
from workbench.config.shipped import data_files
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import line_in_file, read_yaml
from workbench.errors import ConfigError, nearest

FOLDER = "search_spaces"


class Choice(Frozen):
    """One of several values of any kind."""

    kind: Literal["choice"] = "choice"
    values: tuple[Any, ...] = Field(min_length=1)

    def candidates(self) -> tuple[Any, ...]:
        """Return all values."""
        return self.values


class Integers(Frozen):
    """Whole numbers from `low` to `high`, both included."""

    kind: Literal["integers"] = "integers"
    low: int
    high: int
    step: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _check_range(self) -> "Integers":
        if self.low > self.high:
            raise ValueError(f"low must be at most high ({self.high}), got {self.low}")
        return self

    def candidates(self) -> tuple[int, ...]:
        """Return all values."""
        return tuple(range(self.low, self.high + 1, self.step))


Dimension = Annotated[Choice | Integers, Field(discriminator="kind")]


class Limits(Frozen):
    """Hard limits; a network above one is never trained."""

    parameters: int | None = Field(default=None, ge=1)
    multiply_adds_g: float | None = Field(default=None, gt=0)
    """At 256 x 256 LR px, in units of 1e9."""
    activations_m: float | None = Field(default=None, gt=0)
    """At 256 x 256 LR px, in units of 1e6."""


class SpaceFile(Frozen):
    """What a search space's YAML file holds."""

    question: str = Field(min_length=1)
    """What a search of this space asks, in one line."""
    base: str = "mdrn-s"
    """Preset that every candidate is a change of."""
    dimensions: dict[str, Dimension] = Field(min_length=1)
    """Dotted key of the trial's config -> what it may be."""
    limits: Limits = Limits()

    def size(self) -> int:
        """Return the number of combinations, before any limit."""
        return math.prod(len(d.candidates()) for d in self.dimensions.values())

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Yield every combination as overrides, the last dimension varying fastest."""
        values = [dimension.candidates() for dimension in self.dimensions.values()]
        for combination in itertools.product(*values):
            yield dict(zip(self.dimensions, combination, strict=True))

    def base_trial(self) -> TrialConfig:
        """Return the trial that the dimensions change."""
        return TrialConfig(model=preset(self.base), training=RECIPES["smoke"])


def read_space(path: Path) -> SpaceFile:
    """Read a search space and try every value of every dimension on its base.

    Raises:
        ConfigError: `file:line: key: reason` for anything wrong.
    """
    space = read_yaml(path, SpaceFile, "search space")
    try:
        base = space.base_trial()
    except ConfigError as error:
        raise ConfigError(f"{path}:{line_in_file(path, ['base'])}: {error}") from None
    for key, dimension in space.dimensions.items():
        for value in dimension.candidates():
            try:
                apply_overrides(base, {key: value})
            except ConfigError as error:
                line = line_in_file(path, ["dimensions", key])
                raise ConfigError(f"{path}:{line}: {error}") from None
    return space


def find_space(name: str) -> tuple[SpaceFile, Path]:
    """Return the space of this name and its file.

    Raises:
        ConfigError: For an unknown name, with the nearest one, or a file that cannot be used.
    """
    files = data_files(FOLDER)
    if name not in files:
        raise ConfigError(f"unknown search space {name!r}; {nearest(name, files)}")
    return read_space(files[name]), files[name]
