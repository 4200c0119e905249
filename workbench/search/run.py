"""The search itself: propose a batch, run what is new of it, tell the sampler, again."""

from collections.abc import Callable

from workbench.search.objectives import Objective
from workbench.search.population import NAME as PBT
from workbench.search.population import Population
from workbench.search.proposing import propose, seen_runs
from workbench.search.record import Batch, Line, Retry, SearchRecord
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
    *,
    retry: bool = False,
) -> SearchState:
    """Run a search until it has so many trials, or nothing new is found.

    Args:
        record: As it was left, or a new one.
        trials: Networks to train, the canonical one among them.
        objectives: What the sampler is told.
        run: Runs the trials of a batch.
        keep: Keeps what happens; called before a batch is run, and when it has come to a rung.
        begin: Lets a training begin with the steps of another one.
        retry: Run trials again that failed, before anything new is proposed.

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
    for line in record.lines:
        _replay(line, running, sampler)
    if retry:
        _retry(record, running, sampler)
    while (count := len(state.trained)) < trials and not state.record.exhausted:
        batch = state.record.next_batch
        wanted = 1 if batch == 0 else min(settings.batch, trials - count)
        proposals = propose(state, sampler, seen, batch, wanted)
        new = sum(proposal.trained for proposal in proposals)
        running.note(Batch(proposals=tuple(proposals), exhausted=new < wanted))
        running.run_and_tell(proposals, sampler)
    return state


def _replay(line: Line, running: Running, sampler: Sampler) -> None:
    """Take in a line of the record; what it asks for and has no result yet is run."""
    if isinstance(line, Batch):
        # What was proposed together was proposed without each other's results.
        for proposal in line.proposals:
            if proposal.number > 0:
                sampler.replay(proposal)
        running.run_and_tell(line.proposals, sampler)
    elif isinstance(line, Retry):
        running.retry(line, sampler)


def _retry(left: SearchRecord, running: Running, sampler: Sampler) -> None:
    """Run trials again that failed, unless the search was stopped in the middle of doing that."""
    failed = () if left.retrying else running.state.record.failed()
    if failed:
        batch = running.state.record.next_batch
        line = Retry(batch=batch, numbers=tuple(p.number for p in failed))
        running.note(line)
        running.retry(line, sampler)
