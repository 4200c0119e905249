"""Networks that are drawn when a sampler finds none: at random, or all of a small space."""

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from workbench.execution.plan import run_identity
from workbench.search.candidates import Rejected, candidate_of
from workbench.search.proposals import Proposal
from workbench.search.samplers.suggesting import as_observation
from workbench.search.state import SearchState
from workbench.spaces.dimensions import SubsetError
from workbench.spaces.enumeration import RandomSampler
from workbench.spaces.shuffled import Chosen, shuffled_values
from workbench.spaces.sizes import size
from workbench.spaces.space import SpaceFile

MOST_DRAWN = 20_000
"""Combinations that are tried at most; a space with no more is tried as a whole."""
DRAWING_S = 60.0
"""Seconds after which no further combination is tried: some networks take long to count."""


@dataclass(frozen=True)
class Drawn:
    """What drawing has found."""

    proposal: Proposal | None
    """A new network within the limits."""
    everything: bool = False
    """Whether every combination of the space was tried."""


def draw_new(state: SearchState, seen: Mapping[str, int], number: int, batch: int) -> Drawn:
    """Draw combinations until one is a new network within the limits.

    Nothing is kept of the others.

    Args:
        state: The search.
        seen: The number of the proposal of each run.
        number: Of the proposal; it and the seed of the search decide the order.
        batch: Of the proposal.
    """
    settings = state.record.settings
    count = size(settings.space)
    whole = count is not None and count <= MOST_DRAWN
    draw = random.Random(f"draw {settings.seed} {number}")
    combinations = (
        shuffled_values(settings.space, draw) if whole else _at_random(settings.space, draw)
    )
    end = time.monotonic() + DRAWING_S
    for values in islice(combinations, MOST_DRAWN):
        overrides = settings.space.sample(Chosen(values))
        built = candidate_of(settings, overrides)
        if not isinstance(built, Rejected) and run_identity(built.config) not in seen:
            labels = _Labels(values)
            settings.space.sample(labels)
            known = as_observation(settings.space, labels.params)
            found = Proposal(
                number=number,
                overrides=overrides,
                params=known.params,
                distributions=known.distributions,
                batch=batch,
            )
            return Drawn(built.as_trial(found))
        if time.monotonic() > end:
            return Drawn(None)
    return Drawn(None, everything=whole)


class _Labels(Chosen):
    """Gives chosen values, and notes them as Optuna keeps them: a choice by its JSON."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.params: dict[str, Any] = {}

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        found = super().choice(name, values)
        self.params[name] = json.dumps(found, sort_keys=True)
        return found

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        self.params[name] = super().integer(name, low, high, step)
        return int(self.params[name])

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:
        self.params[name] = super().floating(name, low, high, step, log)
        return float(self.params[name])


class _Noting(RandomSampler):
    """Draws values, and notes them by name."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.values: dict[str, Any] = {}

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        self.values[name] = super().choice(name, values)
        return self.values[name]

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        self.values[name] = super().integer(name, low, high, step)
        return int(self.values[name])

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:
        self.values[name] = super().floating(name, low, high, step, log)
        return float(self.values[name])


def _at_random(space: SpaceFile, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield the values of combinations that are drawn at random, without an end."""
    while True:
        noting = _Noting(draw)
        try:
            space.sample(noting)
        except SubsetError:
            continue
        yield noting.values
