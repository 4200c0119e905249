"""Search spaces: what may vary, and hard limits. One YAML a space; the file's stem is its name."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field, model_validator

from workbench.config.base import Frozen
from workbench.config.bounds import MOST_PARAMETERS
from workbench.config.network import named_network
from workbench.config.overrides import value_at
from workbench.config.pinning import paths_of_modules
from workbench.config.presets import RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.spaces.dimensions import (
    Dimension,
    Subset,
    SubsetError,
    Suggest,
    suggest_value,
)
from workbench.spaces.enumeration import GridEnumerator

OVERRIDES = "model.block_overrides"
BLOCKS = "model.blocks"
Share = Annotated[float, Field(gt=0, lt=1)]


class Limits(Frozen):
    """Hard limits; a network above one is never trained."""

    parameters: int | None = Field(default=None, ge=1, le=MOST_PARAMETERS)
    multiply_adds_g: float | None = Field(default=None, gt=0, le=1e9)
    """At 256 x 256 LR px, in units of 1e9."""
    activations_m: float | None = Field(default=None, gt=0, le=1e9)
    """At 256 x 256 LR px, in units of 1e6."""
    convolutions: int | None = Field(default=None, ge=1, le=1_000_000)
    latency_ms: float | None = Field(default=None, gt=0, le=1e9)
    """For one image of 64 x 64 LR px on this machine, measured: CPU time on one thread."""


class Fidelity(Frozen):
    """Early stopping: candidates are compared at rungs, and the best are promoted."""

    rungs: tuple[Share, ...] = Field(max_length=100)
    """Shares of the recipe's steps, increasing; each becomes the nearest validation."""
    keep: Share = 0.5
    """Fraction of the candidates promoted at each rung (1 / eta)."""

    @model_validator(mode="after")
    def _check_rungs(self) -> "Fidelity":
        if list(self.rungs) != sorted(set(self.rungs)):
            raise ValueError(f"rungs must increase, got {list(self.rungs)}")
        return self


class SpaceFile(Frozen):
    """What a search space's YAML file holds."""

    question: str = Field(min_length=1)
    """The question of a search of this space, in one line."""
    base: str = "mdrn-s"
    """Preset that every candidate is a change of, or `package.module:Class` of one's own."""
    dimensions: dict[str, Dimension] = Field(min_length=1, max_length=1_000)
    """Dotted key of the trial's config -> what it may be."""
    objectives: tuple[str, ...] = ()
    """Objectives unless the command names others: scores to maximize, costs to minimize."""
    limits: Limits = Limits()
    fidelity: Fidelity = Fidelity(rungs=())
    """Without rungs every candidate is trained to its end."""

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Yield every combination as overrides, the last dimension varying fastest.

        Raises:
            UncountableError: With a dimension of numbers that have no steps.
        """
        suggest = GridEnumerator()
        while True:
            suggest.place = 0
            with suppress(SubsetError):
                yield self.sample(suggest)
            if not suggest.advance():
                return

    def sample(self, suggest: Suggest) -> dict[str, Any]:
        """Suggest one combination, as overrides; a dimension whose `when` does not hold has none.

        Raises:
            SubsetError: If a subset came out smaller than it must be.
        """
        plain = self.base_trial().plain()
        found: dict[str, Any] = {}
        by_block: dict[str, list[Any]] = {}
        for key in order(self.dimensions):
            dimension = self.dimensions[key]
            if not all(_at(k, found, plain) in values for k, values in dimension.when.items()):
                continue
            if dimension.each_block:
                names = [f"{key}@{block}" for block in range(_at(BLOCKS, found, plain))]
                by_block[key] = [suggest_value(name, dimension, suggest, ()) for name in names]
            else:
                found[key] = suggest_value(
                    key, dimension, suggest, self._among(dimension, found, plain)
                )
        overrides = merged({key: found[key] for key in self.dimensions if key in found})
        if by_block:
            overrides[OVERRIDES] = [*_at(OVERRIDES, {}, plain), *block_overrides(by_block)]
        return overrides

    def base_trial(self) -> TrialConfig:
        """Return the trial that the dimensions change."""
        return TrialConfig(model=named_network(self.base), training=RECIPES["smoke"])

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


def modules_of(space: SpaceFile) -> Iterator[str]:
    """Yield the path of every module of one's own that a value of a dimension names."""
    for key, dimension in space.dimensions.items():
        for value in dimension.samples():
            yield from paths_of_modules({key: value})


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


def block_overrides(by_block: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return the overrides of the blocks; blocks that are alike are one entry.

    Args:
        by_block: Dotted key of a field, to its value in each block.
    """
    entries: list[dict[str, Any]] = []
    for block, values in enumerate(zip(*by_block.values(), strict=True)):
        fields = {k.rpartition(".")[2]: v for k, v in zip(by_block, values, strict=True)}
        alike = next((e for e in entries if {**e, "blocks": 0} == {**fields, "blocks": 0}), None)
        if alike is None:
            entries.append({"blocks": [block], **fields})
        else:
            alike["blocks"].append(block)
    return entries


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
    return {*dimension.when, *within, *([BLOCKS] if dimension.each_block else [])}


def _at(key: str, found: Mapping[str, Any], plain: dict[str, Any]) -> Any:
    return found[key] if key in found else value_at(plain, key)
