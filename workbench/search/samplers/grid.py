"""All combinations of a space, in a random order."""

import random

from workbench.search.proposals import Proposal
from workbench.search.samplers.sampler import Sampler
from workbench.spaces.shuffled import combination_key, shuffled_combinations
from workbench.spaces.space import SpaceFile


class GridSampler(Sampler):
    """Proposes every combination once; it learns nothing from what comes of them.

    The order is a shuffle by the seed, so that the first trials already see all of every dimension.
    """

    never_gives_up = True

    def __init__(self, space: SpaceFile, seed: int) -> None:
        """Start with the first combination.

        Args:
            space: That can be counted.
            seed: Of the order.
        """
        self._combinations = shuffled_combinations(space, random.Random(f"grid {seed}"))
        self._proposed: set[str] = set()

    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:  # noqa: ARG002
        """Return the next combination, None at the end."""
        for overrides in self._combinations:
            key = combination_key(overrides)
            if key not in self._proposed:
                self._proposed.add(key)
                return Proposal(
                    number=number, overrides=overrides, params={}, distributions={}, batch=batch
                )
        return None

    def add_proposed(self, proposal: Proposal, *, at_random: bool) -> None:  # noqa: ARG002
        """Skip a combination that was proposed before, in whatever order."""
        self._proposed.add(combination_key(proposal.overrides))
