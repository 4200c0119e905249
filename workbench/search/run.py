"""The search itself: propose a batch, run what is new of it, tell the sampler, again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from workbench.ablation.plan import Arm, Plan, run_identity
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import WorkbenchError
from workbench.results import TrialResult, TrialState
from workbench.search.candidates import beyond, build, latency_of
from workbench.search.dimensions import TooFewError
from workbench.search.objectives import Objective
from workbench.search.ranking import front
from workbench.search.record import Batch, Line, Proposal, SearchRecord, Stage
from workbench.search.rungs import rung_steps, who_goes_on
from workbench.search.sampler import Sampler

MOST_REJECTED = 500
"""So many proposals in a row without a new network within the limits end a search."""
CANONICAL = "t0000"
"""Name of the network that all are compared with: always the first, and never stopped early."""


@dataclass(frozen=True)
class Ran:
    """What running a plan gave."""

    results: Mapping[str, list[TrialResult]]
    """By arm; those that were stopped early among them."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """By arm, what kept it from ending."""


class RunBatch(Protocol):
    """Runs a plan, from the ledger where it can."""

    def __call__(self, plan: Plan, until: Mapping[str, int], /) -> Ran:
        """Run each arm to the step that `until` names, or to its end."""


@dataclass
class SearchState:
    """A search as far as it is known."""

    record: SearchRecord
    results: dict[str, list[TrialResult]] = field(default_factory=dict)
    """Of the candidates that came to their end, by name of the proposal."""

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
        latency_ms = {proposal.name: proposal.latency_ms for proposal in self.trained}
        within = {
            name: value
            for name, value in values.items()
            if not beyond(self.results[name][0].cost, limits, latency_ms[name])
        }
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
    keep: Callable[[Line], None],
) -> SearchState:
    """Run a search until it has so many trials, or nothing new is found.

    Args:
        record: As it was left, or a new one.
        trials: Networks to train, the canonical one among them.
        objectives: What the sampler is told.
        run: Runs the trials of a batch.
        keep: Keeps what happens; called before a batch is run, and when it has come to a rung.

    Raises:
        WorkbenchError: If every trial of a batch fails.
    """
    state = SearchState(record)
    settings = record.settings
    sampler = Sampler(settings.sampler, settings.seed, settings.space, objectives)
    for known in record.known:
        sampler.know(known)
    running = _Running(state, objectives, run, keep)
    seen = _seen(state)
    count = 0
    for of_batch in _batches(record):
        # What was proposed together was proposed without each other's results.
        for proposal in of_batch:
            if proposal.number > 0:
                sampler.replay(proposal, None, told=False)
        running.run_and_tell(of_batch, sampler)
        count += sum(proposal.trained for proposal in of_batch)
    while count < trials and not state.record.exhausted:
        batch = max((p.batch for p in state.record.proposals[-1:]), default=-1) + 1
        wanted = 1 if batch == 0 else min(settings.batch, trials - count)
        proposals = _propose(state, sampler, seen, batch, wanted)
        new = sum(proposal.trained for proposal in proposals)
        running.note(Batch(proposals=tuple(proposals), exhausted=new < wanted))
        running.run_and_tell(proposals, sampler)
        count += new
    return state


def _batches(record: SearchRecord) -> list[list[Proposal]]:
    found: dict[int, list[Proposal]] = {}
    for proposal in record.proposals:
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
        timed = None if limits.latency_ms is None else latency_of(base.model)
        return [first.model_copy(update={"latency_ms": timed})]
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
    return proposal.model_copy(update={"latency_ms": built.latency_ms})


@dataclass
class _Running:
    """Takes batches from rung to rung."""

    state: SearchState
    objectives: tuple[Objective, ...]
    run: RunBatch
    keep: Callable[[Line], None]
    at_rung: dict[int, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    """Values of the candidates of all batches so far; the canonical network is none of them."""

    def note(self, line: Line) -> None:
        """Keep what has happened."""
        self.state.record = self.state.record.with_lines([line])
        self.keep(line)

    def run_and_tell(self, proposals: Sequence[Proposal], sampler: Sampler) -> None:
        """Run the new networks of a batch and tell the sampler, in the order of the numbers."""
        going = [proposal for proposal in proposals if proposal.trained]
        rungs = len(self.state.record.settings.space.fidelity.rungs)
        values: Mapping[str, tuple[float, ...]] = {}
        for rung in range(rungs):
            if not going:
                break
            stage = self._at(rung, going)
            for proposal in going:
                if proposal.name in stage.values and proposal.name not in stage.goes_on:
                    step = self._step(proposal, rung)
                    assert step is not None, "nothing is stopped where nothing is compared"
                    sampler.tell_stopped(proposal.number, step, stage.values[proposal.name])
            going = [proposal for proposal in going if proposal.name in stage.goes_on]
        if going:
            values = self._at_end(going).values
        for proposal in proposals:
            sampler.tell(proposal.number, values.get(proposal.name))

    def _at(self, rung: int, going: Sequence[Proposal]) -> Stage:
        """Return what came of candidates at a rung, from the record or by running them."""
        known = self.state.record.stage(going[0].batch, rung)
        stage = known or self._run_to(rung, going)
        if known is None:
            self.note(stage)
        self.at_rung.setdefault(rung, {}).update(stage.values)
        return stage

    def _run_to(self, rung: int, going: Sequence[Proposal]) -> Stage:
        """Run candidates to a rung and decide which of them go on."""
        steps = {p.name: self._step(p, rung) for p in going if p.name != CANONICAL}
        until = {name: step for name, step in steps.items() if step is not None}
        ran = self._run([p for p in going if p.name in until], until)
        ended = _endings(ran, TrialState.COMPLETE, TrialState.PRUNED)
        values = {
            name: tuple(o.value_at(found, until[name]) for o in self.objectives)
            for name, found in ran.results.items()
            if name not in ended
        }
        settings = self.state.record.settings
        keep, before = settings.space.fidelity.keep, self.at_rung.get(rung, {})
        best = who_goes_on(values, before, self.objectives, keep)
        free = {CANONICAL, *(name for name, step in steps.items() if step is None)}
        return Stage(
            batch=going[0].batch,
            rung=rung,
            values=values,
            ended=ended,
            goes_on=tuple(p.name for p in going if p.name in {*best, *free}),
        )

    def _at_end(self, going: Sequence[Proposal]) -> Stage:
        """Return what came of candidates at their end; their results come from the ledger."""
        settings = self.state.record.settings
        rung = len(settings.space.fidelity.rungs)
        known = self.state.record.stage(going[0].batch, rung)
        wanted = [p for p in going if known is None or p.name in known.values]
        ran = self._run(wanted, {})
        self.state.results |= ran.results
        if known is not None:
            return known
        ended = _endings(ran, TrialState.COMPLETE)
        values = {
            name: tuple(o.value(found) for o in self.objectives)
            for name, found in ran.results.items()
            if name not in ended
        }
        stage = Stage(batch=going[0].batch, rung=rung, values=values, ended=ended)
        self.note(stage)
        return stage

    def _run(self, going: Sequence[Proposal], until: Mapping[str, int]) -> Ran:
        if not going:
            return Ran({})
        arms = tuple(Arm(p.name, "", self.state.config(p)) for p in going)
        settings = self.state.record.settings
        ran = self.run(Plan(self.state.record.name, arms, settings.trial_seeds), until)
        if len(ran.failed) == len(arms) and (len(arms) > 1 or arms[0].name == CANONICAL):
            # What is wrong is not the network; the batch is run again by the same command.
            reason = next(iter(ran.failed.values()))
            which = "the canonical network" if len(arms) == 1 else "every trial of this batch"
            raise WorkbenchError(f"{which} failed: {reason}")
        return ran

    def _step(self, proposal: Proposal, rung: int) -> int | None:
        fidelity = self.state.record.settings.space.fidelity
        return rung_steps(fidelity, self.state.config(proposal).training)[rung]


def _endings(ran: Ran, *good: TrialState) -> dict[str, str]:
    """Return why arms did not come to a score, by name."""
    found = {name: f"failed: {reason}" for name, reason in ran.failed.items()}
    for name, results in ran.results.items():
        bad = [result for result in results if result.state not in good]
        if bad and name not in found:
            found[name] = f"{bad[0].state.value}: {bad[0].reason}"
    return found
