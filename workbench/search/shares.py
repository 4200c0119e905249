"""How much of a space is within its limits. Imports torch late."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from workbench.config.trial import TrialConfig
from workbench.search.candidates import Candidate, build_candidate
from workbench.spaces.dimensions import SubsetError
from workbench.spaces.enumeration import RandomSampler
from workbench.spaces.sizes import size
from workbench.spaces.space import SpaceFile
from workbench.statistics.audit import Rate
from workbench.system.progress import Progress, silent

DRAWN = 60
"""Combinations that are drawn if a space has more of them."""


@dataclass(frozen=True)
class Sampled:
    """Networks of a space, and which of them are within its limits."""

    within: tuple[tuple[Candidate, dict[str, Any]], ...]
    """Each with its overrides."""
    tried: int
    everything: bool
    """All combinations were tried, else some that were drawn at random."""

    @property
    def rate(self) -> Rate:
        """The share within the limits; its interval is about drawn ones."""
        return Rate(len(self.within), self.tried)


def sampled(space: SpaceFile, base: TrialConfig, progress: Progress = silent) -> Sampled:
    """Count all networks of a small space, or some of a large one.

    Args:
        space: What may vary, and the limits.
        base: The trial that the dimensions change.
        progress: Called with how many are counted.
    """
    count = size(space)
    everything = count is not None and count <= DRAWN
    drawn = list(space.combinations()) if everything else list(islice(_drawn(space), DRAWN))
    within = []
    for number, overrides in enumerate(drawn):
        progress(number, len(drawn), "")
        built = None if overrides is None else build_candidate(base, overrides, space.limits)
        if overrides is not None and isinstance(built, Candidate):
            within.append((built, overrides))
    return Sampled(tuple(within), len(drawn), everything)


def _drawn(space: SpaceFile) -> Iterator[dict[str, Any] | None]:
    """Yield combinations at random, None for one that no network can be built of."""
    suggest = RandomSampler(random.Random(0))
    while True:
        try:
            yield space.sample(suggest)
        except SubsetError:
            yield None
