"""Networks that fill a search space evenly, as members of a study."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from workbench.ablation.factors import FieldChange
from workbench.config.base import Frozen
from workbench.config.bounds import Seed
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import run_identity
from workbench.spaces.dimensions import Integers, Subset, SubsetError
from workbench.spaces.files import SpaceError, check_values, find_space
from workbench.spaces.space import BLOCKS, SpaceFile

MOST_SAMPLED = 10_000
MOST_TRIED = 50
"""Points for each network, of which all but one may give no new network."""
MOST_BLOCKS = 64
"""Blocks that a dimension of each block gets coordinates for, if `model.blocks` is none."""


class PlannedNetwork(Frozen):
    """A network that a study trains besides its variants."""

    preset: str
    """Name of a preset, or `package.module:Class` of one's own."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Overrides by dotted key, such as `model.channels: 20`."""


class SpaceSample(Frozen):
    """How many networks of a search space a study trains besides its variants."""

    space: str
    """Name of a search space."""
    networks: int = Field(ge=1, le=MOST_SAMPLED)
    seed: Seed = 0
    """Of the shift of the Sobol sequence."""


def sampled_changes(sample: SpaceSample, base: TrialConfig) -> list[FieldChange]:
    """Return the networks of a sample, each as a change of the base.

    They are at the points of a shifted Sobol sequence, one coordinate for each choice; points that
    are above a limit of the space, or give a network that is there already, are passed over. A
    larger sample begins with the same networks.

    Args:
        sample: Which space, and how many.
        base: Of the study, with its recipe.

    Raises:
        ConfigError: For an unknown space, one of another base or whose values the base cannot
            take, or if the space has fewer networks.
    """
    space, path = find_space(sample.space)
    where = f"sample of {path}"
    if space.base_trial().model != base.model:
        raise ConfigError(f"{where}: its base is {space.base}, which is not that of the study")
    try:
        check_values(space, base)
    except SpaceError as error:
        raise ConfigError(f"{where}: {error}") from None
    seen = {run_identity(base)}
    found: list[FieldChange] = []
    for overrides in _combinations(space, sample):
        identity = _identity(base, overrides, space)
        if identity is None or identity in seen:
            continue
        seen.add(identity)
        name = f"{path.stem}-{len(found) + 1:03}"
        found.append(FieldChange(name, _described(overrides), overrides, str(path)))
        if len(found) == sample.networks:
            return found
    raise ConfigError(
        f"{where}: only {len(found)} networks found within its limits, {sample.networks} wanted; "
        "request fewer, or raise a limit"
    )


def _combinations(space: SpaceFile, sample: SpaceSample) -> Iterator[dict[str, Any]]:
    from workbench.statistics.space_filling import sobol_points

    columns: dict[str, int] = {}
    for point in sobol_points(sample.networks * MOST_TRIED, _names(space), sample.seed):
        try:
            yield space.sample(_AtPoint(point, columns))
        except SubsetError:
            continue


def _names(space: SpaceFile) -> int:
    """Return how many values a combination of the space has at most."""
    blocks = space.dimensions.get(BLOCKS)
    most_blocks = blocks.high if isinstance(blocks, Integers) else MOST_BLOCKS
    return sum(
        len(one.of) if isinstance(one, Subset) else most_blocks if one.each_block else 1
        for one in space.dimensions.values()
    )


class _AtPoint:
    """Gives the values at a point of the unit cube, a coordinate for each name."""

    def __init__(self, point: Sequence[float], columns: dict[str, int]) -> None:
        self._point, self._columns = point, columns

    def _at(self, name: str) -> float:
        return float(self._point[self._columns.setdefault(name, len(self._columns))])

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        """Return one of the values."""
        return values[int(self._at(name) * len(values))]

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        """Return a whole number."""
        return low + step * int(self._at(name) * ((high - low) // step + 1))

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:
        """Return a number."""
        if step:
            return low + step * int(self._at(name) * (math.floor((high - low) / step) + 1))
        if log:
            return float(low * (high / low) ** self._at(name))
        return low + (high - low) * self._at(name)


def _identity(base: TrialConfig, overrides: dict[str, Any], space: SpaceFile) -> str | None:
    """Return what tells a network from others; None if it is above a limit or cannot be built."""
    if any(most is not None for most in space.limits.plain().values()):
        from workbench.search.candidates import Rejected, build_candidate  # counts networks

        built = build_candidate(base, overrides, space.limits)
        return None if isinstance(built, Rejected) else run_identity(built.config)
    try:
        return run_identity(apply_overrides(base, overrides))
    except ConfigError:
        return None


def _described(overrides: dict[str, Any]) -> str:
    """Return a network's choices in one line."""
    return ", ".join(f"{key.rpartition('.')[2]} {_text(value)}" for key, value in overrides.items())


def _text(value: object) -> str:
    if isinstance(value, dict):
        kind = value.get("kind", "")
        rest = ", ".join(f"{k} {_text(v)}" for k, v in value.items() if k != "kind")
        return f"{kind} ({rest})" if rest else str(kind)
    if isinstance(value, list):
        return "+".join(map(_text, value)) or "none"
    return "none" if value is None else str(value)
