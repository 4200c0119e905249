"""All combinations of a space, one after the other."""

from workbench.search.record import Proposal
from workbench.search.samplers.sampler import Sampler
from workbench.spaces.space import SpaceFile


class GridSampler(Sampler):
    """Proposes every combination once; it learns nothing from what comes of them."""

    def __init__(self, space: SpaceFile) -> None:
        """Start with the first combination.

        Args:
            space: Without numbers that have no steps.
        """
        self._combinations = space.combinations()

    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:  # noqa: ARG002
        """Return the next combination, None at the end."""
        overrides = next(self._combinations, None)
        if overrides is None:
            return None
        return Proposal(
            number=number, overrides=overrides, params={}, distributions={}, batch=batch
        )

    def add_proposed(self, proposal: Proposal, *, at_random: bool) -> None:  # noqa: ARG002
        """Skip a combination that was proposed before."""
        next(self._combinations, None)
