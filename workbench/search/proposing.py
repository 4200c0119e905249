"""New networks for a search: proposed, checked against the limits, and without duplicates."""

from dataclasses import dataclass, field

from workbench.execution.plan import run_identity
from workbench.search.candidates import Rejected, candidate_of, measure_candidate
from workbench.search.drawing import draw_new
from workbench.search.proposals import Proposal
from workbench.search.record import EXHAUSTED, NONE_FOUND, BatchProposed, SearchEnd
from workbench.search.samplers.sampler import Sampler
from workbench.search.state import SearchState
from workbench.spaces.dimensions import SubsetError

MOST_REJECTED = 500
"""Proposals in a row without a new network within the limits after which the sampler is not asked
any more, and combinations are drawn at random without being recorded."""


STUCK = 20
"""Proposals in a row without a new network after which the next ones are drawn at random, until one
is new: a sampler with few observations may insist on what is above the limits."""


def seen_runs(state: SearchState) -> dict[str, int]:
    """Return the number of the proposal of each run that a search has."""
    return {run_identity(state.config(p)): p.number for p in state.trained}


def propose(
    state: SearchState,
    sampler: Sampler,
    seen: dict[str, int],
    batch: int,
    wanted: int,
) -> BatchProposed:
    """Return proposals until enough are new networks, those that were rejected among them.

    Args:
        state: The search.
        sampler: Of the search; it observes at once what is rejected.
        seen: The number of the proposal of each run; new ones are added.
        batch: Number of their batch; batch 0 is the baseline, without the sampler.
        wanted: New networks; there are fewer if nothing new is found.
    """
    if batch == 0:
        base, limits = state.record.settings.base, state.record.settings.space.limits
        seen[run_identity(base)] = 0
        first = Proposal(number=0, overrides={}, params={}, distributions={}, batch=0)
        return BatchProposed(proposals=(measure_candidate(base, limits).as_trial(first),))
    return _Proposing(state, sampler, seen, batch, wanted).run()


@dataclass
class _Proposing:
    """One batch while it is proposed; see `propose`."""

    state: SearchState
    sampler: Sampler
    seen: dict[str, int]
    batch: int
    wanted: int
    found: list[Proposal] = field(default_factory=list)

    def run(self) -> BatchProposed:
        """Return the batch."""
        number = 1 + max(p.number for p in self.state.record.proposals)
        rejected = 0
        end: SearchEnd = ""
        while not end and sum(p.trained for p in self.found) < self.wanted:
            if rejected >= MOST_REJECTED and not self.sampler.never_gives_up:
                proposal, end = self._drawn(number)
            else:
                proposal, end = self._proposed(number, at_random=rejected >= STUCK)
            if proposal is not None:
                self.found.append(proposal)
                rejected = 0 if proposal.trained else rejected + 1
            number += 1
        return BatchProposed(proposals=tuple(self.found), end=end)

    def _proposed(self, number: int, *, at_random: bool) -> tuple[Proposal | None, SearchEnd]:
        """Return what the sampler proposes, checked and reported to it if it is rejected."""
        try:
            proposal = self.sampler.propose(number, self.batch, at_random=at_random)
        except SubsetError as error:
            empty = Proposal(
                number=number, overrides={}, params={}, distributions={}, batch=self.batch
            )
            proposal = Rejected(str(error)).as_rejected(empty)
        else:
            if proposal is None:
                return None, EXHAUSTED
            proposal = self._checked(proposal)
        if proposal.trained:
            self.sampler.add_counted(proposal)
        else:
            self.sampler.add_observation(proposal, None)
        return proposal, ""

    def _drawn(self, number: int) -> tuple[Proposal | None, SearchEnd]:
        """Return a network that the sampler did not find."""
        drawn = draw_new(self.state, self.seen, number, self.batch)
        if drawn.proposal is None:
            return None, EXHAUSTED if drawn.everything else NONE_FOUND
        self.seen[run_identity(self.state.config(drawn.proposal))] = number
        self.sampler.add_proposed(drawn.proposal, at_random=True)
        return drawn.proposal, ""

    def _checked(self, proposal: Proposal) -> Proposal:
        """Check a proposal against the limits, and recognise a network that was proposed before."""
        settings = self.state.record.settings
        built = candidate_of(settings, proposal.overrides)
        if isinstance(built, Rejected):
            return built.as_rejected(proposal)
        identity = run_identity(built.config)
        if identity in self.seen:
            return proposal.model_copy(update={"same_as": self.seen[identity]})
        self.seen[identity] = proposal.number
        return built.as_trial(proposal)
