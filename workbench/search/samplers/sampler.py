"""The interface of a sampler, from which another one can be written."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from workbench.search.proposals import PriorObservation, Proposal


class Sampler(ABC):
    """Proposes combinations of a space from what has come of earlier ones.

    The loop reports everything that has happened, in the order of the record, and once more in the
    same order when a search is resumed. What is proposed must follow from the seed and from what
    was reported; then a killed search proposes what an undisturbed one does.
    """

    never_gives_up = False
    """Whether it comes to an end by itself, so that any number of proposals in a row may be
    rejected."""

    @abstractmethod
    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:
        """Return the next combination, None if there is none left.

        Args:
            number: Of the proposal; numbers increase.
            batch: Written into the proposal.
            at_random: Draw it, whatever was observed.

        Raises:
            SubsetError: If a subset came out smaller than it must be; the number is used up.
        """

    def add_prior(self, known: PriorObservation) -> None:  # noqa: B027 - not every sampler learns
        """Observe a combination that is not a proposal of the sampler and has its score.

        Others had it before the search started; the canonical network's comes when it has ended.
        """

    def add_proposed(self, proposal: Proposal, *, at_random: bool) -> None:  # noqa: B027
        """Repeat a proposal that is in the record; what came of it is reported later.

        One with the number of the sampler's own last proposal was trained in place of that.

        Args:
            proposal: As `propose` returned it.
            at_random: As `propose` was called.
        """

    def add_counted(self, proposal: Proposal) -> None:  # noqa: B027
        """Observe what a proposal within the limits costs; its training begins.

        A resumed search reports it by `add_proposed`.
        """

    def add_running(self, proposal: Proposal) -> None:  # noqa: B027
        """Observe that a candidate trains again, perhaps one that was reported as stopped."""

    def add_observation(self, proposal: Proposal, values: Sequence[float] | None) -> None:  # noqa: B027
        """Observe what came of a proposal.

        Args:
            proposal: If it is above a limit, its `excess` says by how much.
            values: Of the objectives; None if it was rejected, or failed.
        """

    def add_passed(self, number: int, step: int, values: Sequence[float]) -> None:  # noqa: B027
        """Observe the values of a candidate at a rung that it survived; it trains further.

        Args:
            number: Of its proposal.
            step: Training step of the rung.
            values: Of the objectives at that step.
        """

    def add_stopped(self, number: int, step: int, values: Sequence[float]) -> None:  # noqa: B027
        """Observe that a candidate was stopped early.

        Args:
            number: Of its proposal.
            step: Training step at which it was stopped.
            values: Of the objectives at that step.
        """
