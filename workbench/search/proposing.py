"""New networks for a search: proposed, checked against the limits, and without duplicates."""

from workbench.execution.plan import run_identity
from workbench.search.candidates import Rejected, build_candidate, measure_candidate
from workbench.search.record import Proposal
from workbench.search.samplers.sampler import Sampler
from workbench.search.state import SearchState
from workbench.spaces.dimensions import SubsetError

MOST_REJECTED = 500
"""Proposals in a row without a new network within the limits that end a search."""


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
) -> list[Proposal]:
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
        return [measure_candidate(base, limits).as_trial(first)]
    found: list[Proposal] = []
    number = 1 + max(p.number for p in state.record.proposals)
    rejected = 0
    while sum(p.trained for p in found) < wanted:
        if rejected >= MOST_REJECTED:
            break
        try:
            proposal = sampler.propose(number, batch, at_random=rejected >= STUCK)
        except SubsetError as error:
            empty = Proposal(number=number, overrides={}, params={}, distributions={}, batch=batch)
            proposal = Rejected(str(error)).as_rejected(empty)
        else:
            if proposal is None:
                break
            proposal = _checked(state, proposal, seen)
        found.append(proposal)
        rejected = 0 if proposal.trained else rejected + 1
        if not proposal.trained:
            sampler.add_observation(proposal, None)
        number += 1
    return found


def _checked(state: SearchState, proposal: Proposal, seen: dict[str, int]) -> Proposal:
    """Check a proposal against the limits, and recognise a network that was proposed before."""
    settings = state.record.settings
    built = build_candidate(settings.base, proposal.overrides, settings.space.limits)
    if isinstance(built, Rejected):
        return built.as_rejected(proposal)
    identity = run_identity(built.config)
    if identity in seen:
        return proposal.model_copy(update={"same_as": seen[identity]})
    seen[identity] = proposal.number
    return built.as_trial(proposal)
