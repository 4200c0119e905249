"""The cheapest networks of a space, found by going downhill in what limits hold for.

A draw at random hardly ever finds a corner of a large space, and the cheapest networks lie there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.config.network import Network
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.results import Cost
from workbench.search.candidates import amounts, cost_of
from workbench.spaces.dimensions import SubsetError
from workbench.spaces.space import Limits, SpaceFile

MOST_COUNTED = 40
"""Networks that are counted at most: some 0.4 s each."""
MODEL = "model."


class _Places:
    """Gives the values at chosen places, else the first ones, and notes how many there are.

    Of numbers these are the two ends.
    """

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        self.counts: dict[str, int] = {}

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        self.counts[name] = len(values)
        return values[min(self._places.get(name, 0), len(values) - 1)]

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        return int(self.choice(name, (low, low + (high - low) // step * step)))

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        return float(self.choice(name, (low, high)))


def cheapest(space: SpaceFile, base: TrialConfig) -> Iterator[Network]:
    """Yield networks of a space, on the whole cheaper and cheaper ones; each once.

    It begins with the lowest value of every number and the first of every choice, and changes one
    dimension at a time as long as that makes the network cheaper: coordinate descent. So the end is
    a corner of the space, and nearly always the cheapest.

    Args:
        space: What may vary, and the limits that say what is cheap.
        base: The trial that the dimensions change.
    """
    places: dict[str, int] = {}
    seen: dict[Network, float] = {}
    model, counts = _built(space, base, places)
    least = float("inf")
    improved = True
    while improved and len(seen) < MOST_COUNTED:
        improved = False
        for change in ({}, *_changes(places, counts)):
            model, others = _built(space, base, {**places, **change})
            if model is None:
                continue
            if model not in seen:
                seen[model] = dearness(cost_of(model), space.limits)
                yield model
            if seen[model] < least:
                places, counts, least, improved = {**places, **change}, others, seen[model], True
            if len(seen) == MOST_COUNTED:
                return


def _changes(places: Mapping[str, int], counts: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Yield every other value of each dimension of the network, one dimension at a time."""
    for name, count in counts.items():
        for place in range(count):
            if name.startswith(MODEL) and place != places.get(name, 0):
                yield {name: place}


def _built(
    space: SpaceFile, base: TrialConfig, places: Mapping[str, int]
) -> tuple[Network | None, dict[str, int]]:
    """Return a network, None if it cannot be built, and how many values each dimension has."""
    suggest = _Places(places)
    try:
        return apply_overrides(base, space.sample(suggest)).model, suggest.counts
    except (SubsetError, ConfigError):
        return None, suggest.counts


def dearness(cost: Cost, limits: Limits) -> float:
    """Return the largest share of a limit that a network takes; above 1 is beyond it.

    Without a limit that can be counted, it is the multiply-adds in billions.
    """
    most = limits.plain()
    shares = [v / most[name] for name, v in amounts(cost).items() if most[name] is not None]
    return max(shares, default=cost.multiply_adds / 1e9)
