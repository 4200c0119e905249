"""The network of a table that is nearest to what a sampler proposes.

A table holds some networks of a space, and a sampler proposes any. The distance is Gower's (1971,
Biometrics 27), in the dimensions of the space: the mean over the dimensions of either network.
"""

import json
import math
import random
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from workbench.search.simulation.networks import TableNetwork

Coordinates = Mapping[str, float | str]
"""By dimension: a number as its share of the range, 0..1, or the label of a choice."""
ROUNDING = 1e-9
"""Distances that differ by less are equal."""


class NearestNetworks:
    """The networks that a search has not had yet, and which of them is nearest to a proposal.

    Args:
        networks: Of the table.
        seed: Of the draws between equally near ones.
    """

    def __init__(self, networks: Iterable[TableNetwork], seed: int) -> None:
        self._left = {
            one.network: (one, coordinates(one.params, one.distributions)) for one in networks
        }
        self._seed = seed

    def __len__(self) -> int:
        """Return how many networks the search has not had."""
        return len(self._left)

    def take(
        self, params: Mapping[str, Any], distributions: Mapping[str, str], number: int
    ) -> TableNetwork:
        """Return the nearest network that the search has not had, which it has from now on.

        See `nearest`.
        """
        found = self.nearest(params, distributions, number)
        self.remove(found)
        return found

    def nearest(
        self, params: Mapping[str, Any], distributions: Mapping[str, str], number: int
    ) -> TableNetwork:
        """Return the nearest network that the search has not had.

        Args:
            params: Values of the proposal by dimension, as a sampler keeps them.
            distributions: Their distributions by name, as Optuna's JSON.
            number: Of the proposal; it and the seed draw between equally near networks.
        """
        at = coordinates(params, distributions)
        found = {name: distance(at, place) for name, (_, place) in self._left.items()}
        least = min(found.values()) + ROUNDING
        near = [name for name, value in found.items() if value <= least]
        chosen = random.Random(f"nearest {self._seed} {number}").choice(near)
        return self._left[chosen][0]

    def remove(self, network: TableNetwork) -> None:
        """Note that the search has had a network."""
        self._left.pop(network.network, None)


def distance(one: Coordinates, other: Coordinates) -> float:
    """Return the distance of two networks, in 0..1.

    A number counts by its difference as a share of the range, a choice and each member of a subset
    by 0 or 1, and a dimension that only one of the networks has by 1.
    """
    total = 0.0
    for name, value in one.items():
        there = other.get(name)
        if isinstance(value, float) and isinstance(there, float):
            total += abs(value - there)
        else:
            total += value != there
    only = sum(name not in one for name in other)
    return (total + only) / max(1, len(one) + only)


def coordinates(params: Mapping[str, Any], distributions: Mapping[str, str]) -> Coordinates:
    """Return where a combination lies in its space.

    Args:
        params: Values by dimension, as a sampler keeps them.
        distributions: Their distributions by name, as Optuna's JSON.
    """
    found: dict[str, float | str] = {}
    for name, value in params.items():
        ends = _range(distributions[name])
        found[name] = str(value) if ends is None else _share(float(value), *ends)
    return found


@cache
def _range(distribution: str) -> tuple[float, float, bool] | None:
    """Return both ends of a number's range and whether it is logarithmic; None for a choice."""
    attributes = json.loads(distribution)["attributes"]
    if "low" not in attributes:
        return None
    return float(attributes["low"]), float(attributes["high"]), bool(attributes["log"])


def _share(value: float, low: float, high: float, log: bool) -> float:
    if low == high:
        return 0.0
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return (value - low) / (high - low)
