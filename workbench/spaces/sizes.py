"""How many combinations a space has, without going through all of them."""

from collections.abc import Mapping
from itertools import islice
from math import prod

from workbench.spaces.dimensions import Dimension
from workbench.spaces.enumeration import UncountableError
from workbench.spaces.space import SpaceFile, depends_on

MOST_COUNTED = 10_000
"""Combinations of dimensions that depend on each other; more are not counted out."""


def size(space: SpaceFile) -> int | None:
    """Return the number of combinations before any limit.

    Dimensions that depend on each other are counted out together, and what is independent is
    multiplied. None with a dimension of numbers that have no steps, or too many to count out.
    """
    counts = [_counted_out(space, group) for group in groups(space.dimensions)]
    known = [count for count in counts if count is not None]
    return prod(known) if len(known) == len(counts) else None


def _counted_out(space: SpaceFile, group: Mapping[str, Dimension]) -> int | None:
    part = space.model_copy(update={"dimensions": group})
    try:
        count = sum(1 for _ in islice(part.combinations(), MOST_COUNTED + 1))
    except UncountableError:
        return None
    return count if count <= MOST_COUNTED else None


def groups(dimensions: Mapping[str, Dimension]) -> list[dict[str, Dimension]]:
    """Return the dimensions in groups that have nothing to do with each other."""
    groups: list[set[str]] = []
    for key, dimension in dimensions.items():
        joined = {key, *(other for other in depends_on(dimension) if other in dimensions)}
        apart = [group for group in groups if not group & joined]
        joined.update(*(group for group in groups if group & joined))
        groups = [*apart, joined]
    return [{key: dimensions[key] for key in dimensions if key in group} for group in groups]
