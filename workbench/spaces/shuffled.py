"""All combinations of a countable space, in an order that a seed decides."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from workbench.spaces.dimensions import SubsetError
from workbench.spaces.enumeration import GridEnumerator, UncountableError
from workbench.spaces.sizes import MOST_COUNTED, groups
from workbench.spaces.space import SpaceFile

MOST_LISTED = 100_000
"""Combinations that are shuffled as a list; of more, places are drawn until one is new."""


def shuffled_combinations(space: SpaceFile, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield every combination of a space once, as overrides, in random order.

    Raises:
        UncountableError: If the combinations cannot be counted.
    """
    for values in shuffled_values(space, draw):
        yield space.sample(Chosen(values))


def shuffled_values(space: SpaceFile, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield every combination of a space once, as values by name, in random order.

    Combinations are not listed as a whole: those of dimensions that are independent of each other
    are listed apart, and a combination of the space is one of each.

    Args:
        space: With at most `MOST_COUNTED` combinations of dimensions that depend on each other.
        draw: The source of chance.

    Raises:
        UncountableError: If the combinations cannot be counted.
    """
    parts = [_choices(space, group) for group in groups(space.dimensions)]
    for place in _places(prod(len(part) for part in parts), draw):
        values: dict[str, Any] = {}
        for part in parts:
            place, own = divmod(place, len(part))
            values |= part[own]
        yield values


def combination_key(overrides: Mapping[str, Any]) -> str:
    """Return a text that equal combinations share."""
    return json.dumps(overrides, sort_keys=True)


class Chosen:
    """Gives values that were chosen before, by the name of what is suggested."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def choice(self, name: str, values: Sequence[Any]) -> Any:  # noqa: ARG002
        """Return the value of a choice."""
        return self._values[name]

    def integer(self, name: str, low: int, high: int, step: int) -> int:  # noqa: ARG002
        """Return the whole number that was chosen."""
        return int(self._values[name])

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        """Return the number that was chosen."""
        return float(self._values[name])


class _Noting(GridEnumerator):
    """Goes through all combinations, and notes the values of the present one by name."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        """Return the value of the present combination."""
        self.values[name] = super().choice(name, values)
        return self.values[name]


def _choices(space: SpaceFile, group: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the values by name of every combination of dimensions that depend on each other."""
    part, suggest = space.model_copy(update={"dimensions": group}), _Noting()
    found: list[dict[str, Any]] = []
    while True:
        suggest.place, suggest.values = 0, {}
        try:
            part.sample(suggest)
            found.append(suggest.values)
        except SubsetError:
            pass
        if len(found) > MOST_COUNTED:
            raise UncountableError(", ".join(group))
        if not suggest.advance():
            return found


def _places(count: int, draw: random.Random) -> Iterator[int]:
    """Yield the numbers from 0 to below a count, each once, in random order."""
    if count <= MOST_LISTED:
        listed = list(range(count))
        draw.shuffle(listed)
        yield from listed
        return
    seen = set[int]()
    while len(seen) < count:
        place = draw.randrange(count)
        if place not in seen:
            seen.add(place)
            yield place
