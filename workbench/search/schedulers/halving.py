"""Synchronous successive halving (Jamieson & Talwalkar 2016), on rungs as ASHA has them."""

from collections.abc import Mapping, Sequence

from workbench.search.proposals import Proposal
from workbench.search.record import RungResult
from workbench.search.schedulers.cohorts import CohortScheduler


class HalvingScheduler(CohortScheduler):
    """Promotes a candidate that is among the best fraction of all that have reached its rung.

    All means: its own batch, and every batch before it (Li et al. 2020). Without rungs every
    candidate trains to its end.
    """

    def compared_with(self, rung: int) -> Mapping[str, tuple[float, ...]]:
        """Return the values of all batches before."""
        return self.at_rung.get(rung, {})

    def diverged_before(self, rung: int) -> int:
        """Return how many of all batches before diverged on the way to a rung."""
        return self.diverged_at[rung]

    def offspring(self, stage: RungResult, cohort: Sequence[Proposal], step: int) -> tuple[()]:  # noqa: ARG002
        """Return no candidate: the places of those that are stopped stay empty."""
        return ()
