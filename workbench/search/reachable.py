"""Whether a space has any network within its limits."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from workbench.config.network import Network
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.search.candidates import amounts, cost_of, exceeded_limit, latency_of
from workbench.search.cheapest import cheapest
from workbench.spaces.dimensions import SubsetError
from workbench.spaces.enumeration import RandomSampler
from workbench.spaces.files import SpaceError
from workbench.spaces.sizes import size
from workbench.spaces.space import SpaceFile

ALL_COUNTED = 60
"""Spaces with at most this many combinations are counted exhaustively."""
DRAWN = 20
"""Networks of a larger one that are drawn at random besides the cheapest that were found."""
TIMED = 3


def check_limits(space: SpaceFile, base: TrialConfig) -> None:
    """Find a network within the limits: the cheapest of the space are tried first.

    Raises:
        SpaceError: If none was found, with the limit that none is within.
    """
    limits = space.limits
    if all(value is None for value in limits.plain().values()):
        return
    cheap = list[Network]()
    for model in cheapest(space, base):
        cheap.append(model)
        if limits.latency_ms is None and not exceeded_limit(cost_of(model), limits):
            return
    within = [model for model in cheap if not exceeded_limit(cost_of(model), limits)]
    if not within:
        others = list(_others(space, base))
        within = [model for model in others if not exceeded_limit(cost_of(model), limits)]
        if not within:
            raise _impossible(space, list(dict.fromkeys([*cheap, *others])))
    if limits.latency_ms is not None:
        _check_latency(space, within)


def _is_small(space: SpaceFile) -> bool:
    count = size(space)
    return count is not None and count <= ALL_COUNTED


def _others(space: SpaceFile, base: TrialConfig) -> Iterator[Network]:
    """Yield all networks of a small space, some of a large one that are drawn at random."""
    if _is_small(space):
        yield from _models(space.combinations(), base)
    else:
        yield from islice(_models(_drawn(space), base), DRAWN)


def _models(drawn: Iterator[dict[str, Any]], base: TrialConfig) -> Iterator[Network]:
    for overrides in drawn:
        try:
            yield apply_overrides(base, overrides).model
        except ConfigError:  # a combination that cannot be built
            continue


def _drawn(space: SpaceFile) -> Iterator[dict[str, Any]]:
    suggest = RandomSampler(random.Random(0))
    for _ in range(10 * DRAWN):
        try:
            yield space.sample(suggest)
        except SubsetError:
            continue


def _impossible(space: SpaceFile, tried: Sequence[Network]) -> SpaceError:
    """Name the limit that no network is within, as far as they were counted."""
    if not tried:
        return SpaceError(["dimensions"], "no combination of this space can be built")
    whole = _is_small(space)
    for name, most in space.limits.plain().items():
        least = min(amounts(cost_of(model)).get(name, 0.0) for model in tried)
        if most is not None and least > most:
            said = (
                f"no network is within {most:,g}; the least of all {len(tried)} has {least:,.6g}"
                if whole
                else f"none found within {most:,g}; the least of {len(tried)} sampled networks, "
                f"the extremes of the space among them, has {least:,.6g}"
            )
            return SpaceError(["limits", name], f"limits.{name}: {said}")
    which = f"all {len(tried)} networks" if whole else f"{len(tried)} sampled networks"
    return SpaceError(["limits"], f"limits: none of {which} is within all of them together")


def _check_latency(space: SpaceFile, within: Sequence[Network]) -> None:
    """Time the networks with the fewest multiply-adds."""
    most = space.limits.latency_ms
    assert most is not None
    quick = sorted(within, key=lambda model: cost_of(model).multiply_adds)[:TIMED]
    least = min(latency_of(model) for model in quick)
    if least > most:
        raise SpaceError(
            ["limits", "latency_ms"],
            f"limits.latency_ms: no timed network is within {most:,g}; the fastest of the "
            f"{len(quick)} sampled ones with the fewest multiply-adds takes {least:,.3g}",
        )
