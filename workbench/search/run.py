"""The search itself: propose a batch, run what is new of it, tell the sampler, again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.ablation.plan import Arm, Plan, run_identity
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.results import TrialResult, TrialState
from workbench.search.candidates import beyond, build
from workbench.search.dimensions import TooFewError
from workbench.search.objectives import Objective, front
from workbench.search.record import Proposal, SearchRecord
from workbench.search.sampler import Sampler

MOST_REJECTED = 500
"""So many proposals in a row without a new network within the limits end a search."""

RunBatch = Callable[[Plan], Mapping[str, list[TrialResult]]]
"""Runs a plan, from the ledger where it can; results by arm."""


@dataclass
class SearchState:
    """A search as far as it is known."""

    record: SearchRecord
    results: dict[str, list[TrialResult]] = field(default_factory=dict)
    """By name of the proposal."""
    exhausted: bool = False
    """Whether nothing new was found any more."""

    @property
    def trained(self) -> list[Proposal]:
        """Proposals that are trials."""
        return [proposal for proposal in self.record.proposals if proposal.trained]

    def config(self, proposal: Proposal) -> TrialConfig:
        """Return the trial of a proposal, of the first seed."""
        return apply_overrides(self.record.settings.base, proposal.overrides)

    def front(self, objectives: Sequence[Objective]) -> tuple[str, ...]:
        """Return the networks within the limits that no other of them beats in every objective."""
        values = self.values(objectives)
        limits = self.record.settings.space.limits
        within = {n: v for n, v in values.items() if not beyond(self.results[n][0].cost, limits)}
        return front(within, objectives)

    def values(self, objectives: Iterable[Objective]) -> dict[str, tuple[float, ...]]:
        """Return the objectives of every network that has a score under every seed."""
        wanted = tuple(objectives)
        count = len(self.record.settings.trial_seeds)
        return {
            name: tuple(objective.value(found) for objective in wanted)
            for name, found in self.results.items()
            if len(found) == count and all(r.state is TrialState.COMPLETE for r in found)
        }


def search(
    record: SearchRecord,
    trials: int,
    objectives: tuple[Objective, ...],
    run: RunBatch,
    save: Callable[[SearchRecord], None],
) -> SearchState:
    """Run a search until it has so many trials, or nothing new is found.

    Args:
        record: As it was left, or a new one.
        trials: Networks to train, the canonical one among them.
        objectives: What the sampler is told.
        run: Runs the trials of a batch.
        save: Keeps the record; called before a batch is run.
    """
    state = SearchState(record)
    settings = record.settings
    sampler = Sampler(settings.sampler, settings.seed, settings.space, objectives)
    seen = _seen(state)
    for batch in sorted({proposal.batch for proposal in record.proposals}):
        # What was proposed together was proposed without each other's results.
        of_batch = [p for p in record.proposals if p.batch == batch]
        for proposal in of_batch:
            if proposal.number > 0:
                sampler.replay(proposal, None, told=False)
        _run_and_tell(state, of_batch, sampler, objectives, run)
    while len(state.trained) < trials and not state.exhausted:
        batch = max((p.batch for p in state.record.proposals), default=-1) + 1
        wanted = 1 if batch == 0 else min(settings.batch, trials - len(state.trained))
        proposals = _propose(state, sampler, seen, batch, wanted)
        state.record = state.record.model_copy(
            update={"proposals": (*state.record.proposals, *proposals)}
        )
        save(state.record)
        _run_and_tell(state, proposals, sampler, objectives, run)
    return state


def _seen(state: SearchState) -> dict[str, int]:
    return {run_identity(state.config(p)): p.number for p in state.trained}


def _propose(
    state: SearchState,
    sampler: Sampler,
    seen: dict[str, int],
    batch: int,
    wanted: int,
) -> list[Proposal]:
    """Return proposals with so many new networks, and all that were rejected on the way."""
    if batch == 0:  # the canonical network comes first, whatever the sampler would say
        seen[run_identity(state.record.settings.base)] = 0
        return [Proposal(number=0, overrides={}, params={}, distributions={}, batch=0)]
    found: list[Proposal] = []
    number = 1 + max(p.number for p in state.record.proposals)
    rejected = 0
    while sum(p.trained for p in found) < wanted:
        if rejected >= MOST_REJECTED:
            state.exhausted = True
            break
        try:
            proposal = sampler.propose(number, batch)
        except TooFewError as error:
            sampler.tell(number, None)
            found.append(_refused(number, batch, str(error)))
            number, rejected = number + 1, rejected + 1
            continue
        if proposal is None:
            state.exhausted = True
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
    return proposal


def _run_and_tell(
    state: SearchState,
    proposals: list[Proposal],
    sampler: Sampler,
    objectives: tuple[Objective, ...],
    run: RunBatch,
) -> None:
    """Run the new networks of a batch and tell the sampler, in the order of the numbers."""
    new = [proposal for proposal in proposals if proposal.trained]
    if new:
        arms = tuple(Arm(p.name, "", state.config(p)) for p in new)
        plan = Plan(state.record.name, arms, state.record.settings.trial_seeds)
        state.results |= run(plan)
    values = state.values(objectives)
    for proposal in proposals:
        sampler.tell(proposal.number, values.get(proposal.name))
