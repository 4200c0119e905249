"""The search itself: propose a batch, run what is new of it, tell the sampler, again."""

from collections.abc import Callable

from workbench.ablation.plan import run_identity
from workbench.search.candidates import build, counted
from workbench.search.dimensions import TooFewError
from workbench.search.objectives import Objective
from workbench.search.population import NAME as PBT
from workbench.search.population import Population
from workbench.search.record import Batch, Line, Proposal, SearchRecord
from workbench.search.running import Begin, Running
from workbench.search.sampler import Sampler
from workbench.search.state import RunBatch, SearchState

MOST_REJECTED = 500
"""So many proposals in a row without a new network within the limits end a search."""


def search(
    record: SearchRecord,
    trials: int,
    objectives: tuple[Objective, ...],
    run: RunBatch,
    keep: Callable[[Line], None],
    begin: Begin | None = None,
) -> SearchState:
    """Run a search until it has so many trials, or nothing new is found.

    Args:
        record: As it was left, or a new one.
        trials: Networks to train, the canonical one among them.
        objectives: What the sampler is told.
        run: Runs the trials of a batch.
        keep: Keeps what happens; called before a batch is run, and when it has come to a rung.
        begin: Lets a training begin with the steps of another one.

    Raises:
        WorkbenchError: If every trial of a batch fails.
    """
    state = SearchState(record)
    settings = record.settings
    sampler = Sampler(settings.sampler, settings.seed, settings.space, objectives)
    for known in record.known:
        sampler.know(known)
    seen = _seen(state)
    population = Population(state, seen) if settings.sampler == PBT else None
    running = Running(state, objectives, run, keep, trials, population, begin)
    for of_batch in _batches(record):
        # What was proposed together was proposed without each other's results.
        for proposal in of_batch:
            if proposal.number > 0:
                sampler.replay(proposal, None, told=False)
        running.run_and_tell(of_batch, sampler)
    while (count := len(state.trained)) < trials and not state.record.exhausted:
        batch = max((p.batch for p in state.record.proposals[-1:]), default=-1) + 1
        wanted = 1 if batch == 0 else min(settings.batch, trials - count)
        proposals = _propose(state, sampler, seen, batch, wanted)
        new = sum(proposal.trained for proposal in proposals)
        running.note(Batch(proposals=tuple(proposals), exhausted=new < wanted))
        running.run_and_tell(proposals, sampler)
    return state


def _batches(record: SearchRecord) -> list[list[Proposal]]:
    found: dict[int, list[Proposal]] = {}
    for proposal in record.proposals:
        if proposal.parent is None:  # the others come into it at the rungs
            found.setdefault(proposal.batch, []).append(proposal)
    return list(found.values())


def _seen(state: SearchState) -> dict[str, int]:
    return {run_identity(state.config(p)): p.number for p in state.trained}


def _propose(
    state: SearchState,
    sampler: Sampler,
    seen: dict[str, int],
    batch: int,
    wanted: int,
) -> list[Proposal]:
    """Return proposals with so many new networks, and all that were rejected on the way.

    There are fewer new ones if nothing new is found any more.
    """
    if batch == 0:  # the canonical network comes first, whatever the sampler would say
        base, limits = state.record.settings.base, state.record.settings.space.limits
        seen[run_identity(base)] = 0
        first = Proposal(number=0, overrides={}, params={}, distributions={}, batch=0)
        return [counted(base, limits).as_trial(first)]
    found: list[Proposal] = []
    number = 1 + max(p.number for p in state.record.proposals)
    rejected = 0
    while sum(p.trained for p in found) < wanted:
        if rejected >= MOST_REJECTED:
            break
        try:
            proposal = sampler.propose(number, batch)
        except TooFewError as error:
            sampler.tell(number, None)
            found.append(_refused(number, batch, str(error)))
            number, rejected = number + 1, rejected + 1
            continue
        if proposal is None:
            break
        proposal = _checked(state, proposal, seen)
        found.append(proposal)
        rejected = 0 if proposal.trained else rejected + 1
        if not proposal.trained:
            sampler.tell(number, None)
        number += 1
    return found


def _refused(number: int, batch: int, reason: str) -> Proposal:
    return Proposal(
        number=number, overrides={}, params={}, distributions={}, batch=batch, rejected=reason
    )


def _checked(state: SearchState, proposal: Proposal, seen: dict[str, int]) -> Proposal:
    """Hold a proposal to the limits, and recognise a network that was proposed before."""
    settings = state.record.settings
    built = build(settings.base, proposal.overrides, settings.space.limits)
    if isinstance(built, str):
        return proposal.model_copy(update={"rejected": built})
    identity = run_identity(built.config)
    if identity in seen:
        return proposal.model_copy(update={"same_as": seen[identity]})
    seen[identity] = proposal.number
    return built.as_trial(proposal)
