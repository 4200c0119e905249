"""Search spaces: what may vary, and hard limits. One YAML a space; the file's stem is its name."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from workbench.config.base import Frozen
from workbench.config.overrides import apply_overrides, value_at
from workbench.config.presets import RECIPES, preset
from workbench.config.shipped import data_files
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import line_in_file, read_yaml
from workbench.errors import ConfigError, nearest
from workbench.search.dimensions import Ask, Dimension, Subset, TooFewError, ask_value

FOLDER = "search_spaces"
Share = Annotated[float, Field(gt=0, lt=1)]
MOST_COUNTED = 10_000
"""Larger spaces are not counted out."""


class Limits(Frozen):
    """Hard limits; a network above one is never trained."""

    parameters: int | None = Field(default=None, ge=1)
    multiply_adds_g: float | None = Field(default=None, gt=0)
    """At 256 x 256 LR px, in units of 1e9."""
    activations_m: float | None = Field(default=None, gt=0)
    """At 256 x 256 LR px, in units of 1e6."""
    convolutions: int | None = Field(default=None, ge=1)


class Fidelity(Frozen):
    """Early stopping: candidates are compared at rungs, and the better ones go on."""

    rungs: tuple[Share, ...]
    """Shares of the recipe's steps, increasing; each becomes the nearest validation."""
    keep: Share = 0.5
    """Share of all candidates at a rung that goes on from it."""

    @model_validator(mode="after")
    def _check_rungs(self) -> "Fidelity":
        if list(self.rungs) != sorted(set(self.rungs)):
            raise ValueError(f"rungs must increase, got {list(self.rungs)}")
        return self


class SpaceFile(Frozen):
    """What a search space's YAML file holds."""

    question: str = Field(min_length=1)
    """What a search of this space asks, in one line."""
    base: str = "mdrn-s"
    """Preset that every candidate is a change of."""
    dimensions: dict[str, Dimension] = Field(min_length=1)
    """Dotted key of the trial's config -> what it may be."""
    limits: Limits = Limits()
    fidelity: Fidelity = Fidelity(rungs=())
    """Without rungs every candidate is trained to its end."""

    def size(self) -> int | None:
        """Return the number of combinations before any limit, None if they are too many to count.

        None also with a dimension of numbers that have no steps.
        """
        count = 0
        try:
            for _ in self.combinations():
                count += 1
                if count > MOST_COUNTED:
                    return None
        except _EndlessError:
            return None
        return count

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Yield every combination as overrides, the last dimension varying fastest."""
        ask = _InTurn()
        while True:
            ask.place = 0
            with suppress(TooFewError):
                yield self.sample(ask)
            if not ask.advance():
                return

    def sample(self, ask: Ask) -> dict[str, Any]:
        """Ask for one combination, as overrides; a dimension whose `when` does not hold has none.

        Raises:
            TooFewError: If a subset came out smaller than it must be.
        """
        plain = self.base_trial().plain()
        found: dict[str, Any] = {}
        for key in order(self.dimensions):
            dimension = self.dimensions[key]
            if all(_at(k, found, plain) in values for k, values in dimension.when.items()):
                found[key] = ask_value(key, dimension, ask, self._among(dimension, found, plain))
        return merged({key: found[key] for key in self.dimensions if key in found})

    def base_trial(self) -> TrialConfig:
        """Return the trial that the dimensions change."""
        return TrialConfig(model=preset(self.base), training=RECIPES["smoke"])

    @staticmethod
    def _among(
        dimension: Dimension, found: Mapping[str, Any], plain: dict[str, Any]
    ) -> Sequence[Any]:
        """Return the members of a subset that can be chosen."""
        if not isinstance(dimension, Subset):
            return ()
        if dimension.within is None:
            return dimension.of
        chosen = _at(dimension.within, found, plain)
        return chosen if isinstance(chosen, list) else ()


def merged(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Put a part's fields into the part: `a: mdsa` and `a.levels: [3]` become one value of `a`."""
    found: dict[str, Any] = {}
    for key, value in overrides.items():
        part, _, name = key.rpartition(".")
        if part in overrides:
            whole = found[part] if isinstance(found[part], dict) else {"kind": found[part]}
            found[part] = {**whole, name: value}
        else:
            found[key] = value
    return found


def order(dimensions: Mapping[str, Dimension]) -> list[str]:
    """Return the keys so that each comes after those that it depends on.

    Raises:
        ConfigError: If dimensions depend on each other in a circle.
    """
    needs = {
        key: {other for other in depends_on(one) if other in dimensions}
        for key, one in dimensions.items()
    }
    done: list[str] = []
    while len(done) < len(needs):
        ready = [key for key in needs if key not in done and needs[key] <= set(done)]
        if not ready:
            left = [key for key in needs if key not in done]
            raise ConfigError(f"dimensions depend on each other in a circle: {', '.join(left)}")
        done.append(ready[0])
    return done


def depends_on(dimension: Dimension) -> set[str]:
    """Return the keys that a dimension names."""
    within = {dimension.within} if isinstance(dimension, Subset) and dimension.within else set()
    return {*dimension.when, *within}


def _at(key: str, found: Mapping[str, Any], plain: dict[str, Any]) -> Any:
    return found[key] if key in found else value_at(plain, key)


class _EndlessError(Exception):
    """Numbers without steps cannot be counted."""


class _InTurn:
    """Gives all combinations one after the other, like the wheels of a counter."""

    def __init__(self) -> None:
        self.place = 0
        self._turns: list[int] = []
        self._counts: list[int] = []

    def choice(self, name: str, values: Sequence[Any]) -> Any:  # noqa: ARG002
        if self.place == len(self._turns):
            self._turns.append(0)
            self._counts.append(len(values))
        value = values[self._turns[self.place]]
        self.place += 1
        return value

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        return int(self.choice(name, range(low, high + 1, step)))

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        if step is None:
            raise _EndlessError(name)
        count = int((high - low) / step + 1e-9) + 1
        return float(self.choice(name, [low + index * step for index in range(count)]))

    def advance(self) -> bool:
        """Turn the last wheel that can be turned; False at the end."""
        del self._turns[self.place :], self._counts[self.place :]
        while self._turns and self._turns[-1] + 1 == self._counts[-1]:
            self._turns.pop()
            self._counts.pop()
        if not self._turns:
            return False
        self._turns[-1] += 1
        return True


class AtRandom:
    """Gives values at random, each as likely as any other."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw

    def choice(self, name: str, values: Sequence[Any]) -> Any:  # noqa: ARG002
        """Return one of the values."""
        return self._draw.choice(values)

    def integer(self, name: str, low: int, high: int, step: int) -> int:  # noqa: ARG002
        """Return a whole number from low to high, both included."""
        return self._draw.randrange(low, high + 1, step)

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        """Return a number from low to high, both included."""
        if step is not None:
            return low + step * self._draw.randrange(int((high - low) / step + 1e-9) + 1)
        if log:
            return float(low * (high / low) ** self._draw.random())
        return self._draw.uniform(low, high)


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
        try:
            _check(key, dimension, space, base)
        except ConfigError as error:
            line = line_in_file(path, ["dimensions", key])
            raise ConfigError(f"{path}:{line}: {error}") from None
    try:
        order(space.dimensions)
    except ConfigError as error:
        raise ConfigError(f"{path}:{line_in_file(path, ['dimensions'])}: {error}") from None
    return space


def _check(key: str, dimension: Dimension, space: SpaceFile, base: TrialConfig) -> None:
    """Try a dimension's values on the base, or on what its `when` says.

    Raises:
        ConfigError: If a value or a name cannot be used.
    """
    for other in depends_on(dimension):
        value_at(base.plain(), other)  # refuses a key that no config has
    if isinstance(dimension, Subset) and dimension.within == key:
        raise ConfigError(f"{key}: within must name another dimension")
    there = apply_overrides(base, {k: values[0] for k, values in dimension.when.items()})
    for value in dimension.samples():
        # Other subsets may have to fit to this one; the base's own is not it.
        inner: dict[str, object] = {
            k: []
            for k, one in space.dimensions.items()
            if isinstance(one, Subset) and one.within == key
        }
        apply_overrides(there, {**inner, key: list(value) if isinstance(value, tuple) else value})


def find_space(name: str) -> tuple[SpaceFile, Path]:
    """Return the space of this name and its file.

    Raises:
        ConfigError: For an unknown name, with the nearest one, or a file that cannot be used.
    """
    files = data_files(FOLDER)
    if name not in files:
        raise ConfigError(f"unknown search space {name!r}; {nearest(name, files)}")
    return read_space(files[name]), files[name]
