"""The search itself: propose a batch, run what is new of it, tell the sampler, again."""

from collections.abc import Callable

from workbench.search.objectives import Objective
from workbench.search.population import NAME as PBT
from workbench.search.population import Population
from workbench.search.proposing import propose, seen_runs
from workbench.search.record import Batch, Line, Proposal, SearchRecord
from workbench.search.running import Begin, Running
from workbench.search.sampler import Sampler
from workbench.search.state import RunBatch, SearchState


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
    seen = seen_runs(state)
    population = Population(state, seen) if settings.sampler == PBT else None
    running = Running(state, objectives, run, keep, trials, population, begin)
    for of_batch in _batches(record):
        # What was proposed together was proposed without each other's results.
        for proposal in of_batch:
            if proposal.number > 0:
                sampler.replay(proposal)
        running.run_and_tell(of_batch, sampler)
    while (count := len(state.trained)) < trials and not state.record.exhausted:
        batch = max((p.batch for p in state.record.proposals[-1:]), default=-1) + 1
        wanted = 1 if batch == 0 else min(settings.batch, trials - count)
        proposals = propose(state, sampler, seen, batch, wanted)
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
