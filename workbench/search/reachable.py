"""Whether a space has any network within its limits."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.search.candidates import amounts, beyond, cost_of, latency_of
from workbench.spaces.askers import AtRandom
from workbench.spaces.dimensions import TooFewError
from workbench.spaces.files import SpaceError
from workbench.spaces.sizes import size
from workbench.spaces.space import SpaceFile

DRAWN = 300
"""Networks that are counted at most; a search gives up after about as many."""
TIMED = 3


def check_limits(space: SpaceFile, base: TrialConfig) -> None:
    """Find a network within the limits: one of a small space, or one drawn at random.

    Raises:
        SpaceError: If there is none, with the limit that none is within.
    """
    limits = space.limits
    if all(value is None for value in limits.plain().values()):
        return
    tried = list[ModelConfig]()
    for model in islice(_networks(space, base), DRAWN):
        tried.append(model)
        if limits.latency_ms is None and not beyond(cost_of(model), limits):
            return
    if not tried:
        raise SpaceError(["dimensions"], "no combination of this space can be built")
    within = [model for model in tried if not beyond(cost_of(model), limits)]
    if not within:
        raise _impossible(space, tried)
    _check_latency(space, within)


def _networks(space: SpaceFile, base: TrialConfig) -> Iterator[ModelConfig]:
    """Yield the networks of a small space one after the other, of a large one at random."""
    count = size(space)
    small = count is not None and count <= DRAWN
    drawn = space.combinations() if small else _drawn(space)
    for overrides in drawn:
        try:
            yield apply_overrides(base, overrides).model
        except ConfigError:  # a combination that cannot be built
            continue


def _drawn(space: SpaceFile) -> Iterator[dict[str, Any]]:
    ask = AtRandom(random.Random(0))
    for _ in range(10 * DRAWN):
        try:
            yield space.sample(ask)
        except TooFewError:
            continue


def _impossible(space: SpaceFile, tried: Sequence[ModelConfig]) -> SpaceError:
    """Name the limit that no network is within."""
    which = f"of {len(tried)} networks"
    for name, most in space.limits.plain().items():
        least = min((amounts(cost_of(model)).get(name, 0.0) for model in tried), default=0.0)
        if most is not None and least > most:
            return SpaceError(
                ["limits", name],
                f"limits.{name}: no network is within {most:,g}; the least {which} has "
                f"{least:,.6g}",
            )
    return SpaceError(["limits"], f"limits: none {which} is within all of them together")


def _check_latency(space: SpaceFile, within: Sequence[ModelConfig]) -> None:
    """Time the networks with the fewest multiply-adds."""
    most = space.limits.latency_ms
    assert most is not None
    cheapest = sorted(within, key=lambda model: cost_of(model).multiply_adds)[:TIMED]
    least = min(latency_of(model) for model in cheapest)
    if least > most:
        raise SpaceError(
            ["limits", "latency_ms"],
            f"limits.latency_ms: no network is within {most:,g}; the fastest of the "
            f"{len(cheapest)} with the fewest multiply-adds takes {least:,.3g}",
        )
