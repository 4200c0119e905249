"""A search without batches: whoever comes to a rung is decided about at once.

Asynchronous successive halving (Li et al. 2020), with several objectives by fronts (Schmucker et
al. 2021): as soon as a place is free, a candidate that is among the best share of those that have
come to its rung goes on; if there is none, a new one begins. Nobody waits for the slowest of a
batch, so a cluster is always busy. The price is that the order of arrival decides, so that another
number of workers may give another search. What has happened is on record, event by event, and a
killed search goes on from there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from workbench.errors import WorkbenchError
from workbench.execution.plan import Arm
from workbench.execution.stream import Asked, Ended, More
from workbench.results import TrialState
from workbench.search.objectives import Objective
from workbench.search.proposing import propose, seen_runs
from workbench.search.ranking import ranked
from workbench.search.record import (
    Batch,
    Line,
    Promotion,
    Proposal,
    Retry,
    SearchRecord,
    Stage,
    name_of,
)
from workbench.search.rungs import rung_steps
from workbench.search.running import endings
from workbench.search.sampler import Sampler
from workbench.search.state import CANONICAL, Ran, SearchState

RunStream = Callable[[Iterable[Asked], More], None]
"""Runs arms and what comes of them, as `ablation.stream.Stream.run` does."""


def search_asynchronously(
    record: SearchRecord,
    trials: int,
    objectives: tuple[Objective, ...],
    run: RunStream,
    keep: Callable[[Line], None],
    *,
    retry: bool = False,
) -> SearchState:
    """Run a search until it has so many trials and nobody is left who should go on.

    Args:
        record: As it was left, or a new one.
        trials: Networks to train, the canonical one among them.
        objectives: What the sampler is told.
        run: Runs trials.
        keep: Keeps what happens, before anything follows from it.
        retry: Run trials again that failed, too.

    Raises:
        WorkbenchError: If the canonical network fails, or everything that runs at first.
    """
    settings = record.settings
    state = SearchState(record)
    sampler = Sampler(settings.sampler, settings.seed, settings.space, objectives)
    for known in record.known:
        sampler.know(known)
    going = _Going(state, objectives, sampler, keep, trials, seen_runs(state))
    for line in record.lines:
        going.replay(line)
    if retry:
        going.retry()
    run(going.first(), going.more)
    return state


@dataclass
class _Going:
    """What is under way, and what waits at the rungs."""

    state: SearchState
    objectives: tuple[Objective, ...]
    sampler: Sampler
    keep: Callable[[Line], None]
    trials: int
    seen: dict[str, int]
    candidates: dict[str, Proposal] = field(default_factory=dict)
    """All trials, by name."""
    under_way: dict[str, int] = field(default_factory=dict)
    """The rung that a candidate is on its way to, by name; the number of rungs is the end."""
    at_rung: dict[int, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    """Values of all that have come to a rung."""
    promoted: set[tuple[str, int]] = field(default_factory=set)
    """(name, rung) of those that have gone on."""
    failed_at: dict[str, int] = field(default_factory=dict)
    """The rung that a candidate was on its way to when it failed, by name."""
    retried: set[str] = field(default_factory=set)
    """Those that are or were run again."""
    unnoted: dict[str, Stage] = field(default_factory=dict)
    """Trials that failed before any has worked, by name: perhaps it is not their fault."""
    worked: bool = False

    def replay(self, line: Line) -> None:
        """Take in what is on record."""
        if isinstance(line, Batch):
            for proposal in line.proposals:
                if proposal.number > 0:
                    self.sampler.replay(proposal)
                if not proposal.trained:
                    self.sampler.tell(proposal, None)
        self._take(line)

    def retry(self) -> None:
        """Run trials again that failed, unless the search was stopped in the middle of that."""
        record = self.state.record
        failed = () if record.retrying else record.failed()
        if failed:
            numbers = tuple(proposal.number for proposal in failed)
            self._note(Retry(batch=record.next_batch, numbers=numbers))

    def first(self) -> list[Asked]:
        """Return what is run first: what was under way, and what there is room for.

        What has come to its end is asked for, too: the ledger gives its results.
        """
        end = self._end
        scored = {name for s in self.state.record.stages if s.rung == end for name in s.values}
        ended = [Asked(self._arm(p)) for p in self.state.trained if p.name in scored]
        known = [self._asked(self.candidates[name]) for name in self.under_way]
        return [*ended, *known, *self._fill()]

    def more(self, ended: Ended) -> list[Asked]:
        """Take what has ended, and return what is run in its place."""
        name = ended.name
        if name not in self.under_way:  # it had its score when this command began
            self.state.results[name] = ended.results
            return []
        self.worked = self.worked or not ended.failed
        if ended.failed and name in self.retried:  # not for the first time
            self._note(self._stage(ended))
            return self._fill()
        self.unnoted[name] = self._stage(ended)
        if not self._doubtful(ended):
            for stage in self.unnoted.values():
                self._note(stage)
            self.unnoted.clear()
        return self._fill()

    def _doubtful(self, ended: Ended) -> bool:
        """Tell whether a failure may not be the network's: nothing has worked so far.

        Raises:
            WorkbenchError: If it is not; what is under way is run again by the same command.
        """
        if ended.failed and ended.name == CANONICAL:
            raise WorkbenchError(f"the canonical network failed: {ended.failed}")
        all_failed = not self.worked and len(self.unnoted) == len(self.under_way)
        if all_failed and len(self.under_way) > 1:
            raise WorkbenchError(f"every trial that was under way failed: {ended.failed}")
        return not self.worked and not all_failed

    @property
    def _end(self) -> int:
        return len(self.state.record.settings.space.fidelity.rungs)

    def _fill(self) -> list[Asked]:
        """Return what begins or goes on in the places that are free."""
        found = []
        while len(self.under_way) < self.state.record.settings.batch:
            proposal = self._promoted(at_least=0) or self._proposed()
            if proposal is None and not self.under_way:
                # Nobody else will come: the best of a rung goes on, however few they are.
                proposal = self._promoted(at_least=1)
            if proposal is None:
                break
            found.append(self._asked(proposal))
        return found

    def _promoted(self, at_least: int) -> Proposal | None:
        """Let the best candidate of the highest rung go on whose turn it is."""
        share = self.state.record.settings.space.fidelity.keep
        for rung in sorted(self.at_rung, reverse=True):
            values = self.at_rung[rung]
            count = max(at_least, int(share * len(values)))
            for name in ranked(values, self.objectives)[:count]:
                if (name, rung) not in self.promoted:
                    self._note(Promotion(number=self.candidates[name].number, rung=rung))
                    return self.candidates[name]
        return None

    def _proposed(self) -> Proposal | None:
        """Propose a new network, if there is one."""
        record = self.state.record
        if len(self.state.trained) >= self.trials or record.exhausted:
            return None
        proposals = propose(self.state, self.sampler, self.seen, record.next_batch, 1)
        new = [proposal for proposal in proposals if proposal.trained]
        self._note(Batch(proposals=tuple(proposals), exhausted=not new))
        return new[0] if new else None

    def _note(self, line: Line) -> None:
        """Keep what has happened, and what follows from it."""
        self.state.record = self.state.record.with_lines([line])
        self.keep(line)
        self._take(line)

    def _take(self, line: Line) -> None:
        match line:
            case Batch():
                for proposal in line.proposals:
                    if proposal.trained:
                        self.candidates[proposal.name] = proposal
                        self.under_way[proposal.name] = self._rung_after(proposal, -1)
            case Promotion():
                proposal = self.candidates[name_of(line.number)]
                self.promoted.add((proposal.name, line.rung))
                self.under_way[proposal.name] = self._rung_after(proposal, line.rung)
                self.sampler.go_on(proposal)
            case Retry():
                for number in line.numbers:
                    self._take_retried(self.candidates[name_of(number)])
            case Stage():
                self._take_stage(line)

    def _take_retried(self, proposal: Proposal) -> None:
        self.under_way[proposal.name] = self.failed_at[proposal.name]
        self.retried.add(proposal.name)
        if proposal.number > 0:
            self.sampler.go_on(proposal)

    def _take_stage(self, stage: Stage) -> None:
        self.failed_at |= dict.fromkeys(stage.ended, stage.rung)
        for name in (*stage.values, *stage.ended):
            del self.under_way[name]
            proposal, values = self.candidates[name], stage.values.get(name)
            if values is None or stage.rung == self._end:
                self.sampler.tell(proposal, values)
                continue
            self.at_rung.setdefault(stage.rung, {})[name] = values
            step = self._steps(proposal)[stage.rung]
            assert step is not None, "nobody waits where nothing is compared"
            self.sampler.tell_stopped(proposal.number, step, values)

    def _stage(self, ended: Ended) -> Stage:
        """Return what came of a candidate where it was on its way to."""
        name, rung = ended.name, self.under_way[ended.name]
        proposal = self.candidates[name]
        ran = Ran({name: ended.results}, {name: ended.failed} if ended.failed else {})
        step = None if rung == self._end else self._steps(proposal)[rung]
        good = [TrialState.COMPLETE] if step is None else [TrialState.COMPLETE, TrialState.PRUNED]
        problems = endings(ran, *good)
        if problems:
            return Stage(batch=proposal.batch, rung=rung, values={}, ended=problems)
        if step is None:
            self.state.results[name] = ended.results
        found = ended.results
        values = tuple(
            o.value(found) if step is None else o.value_at(found, step) for o in self.objectives
        )
        return Stage(batch=proposal.batch, rung=rung, values={name: values})

    def _asked(self, proposal: Proposal) -> Asked:
        rung = self.under_way[proposal.name]
        until = None if rung == self._end else self._steps(proposal)[rung]
        return Asked(self._arm(proposal), until)

    def _arm(self, proposal: Proposal) -> Arm:
        return Arm(proposal.name, "", self.state.config(proposal))

    def _rung_after(self, proposal: Proposal, rung: int) -> int:
        """Return where a candidate is compared next; the canonical one is compared with nobody."""
        steps = self._steps(proposal)
        later = [place for place in range(rung + 1, self._end) if steps[place] is not None]
        return self._end if proposal.name == CANONICAL or not later else later[0]

    def _steps(self, proposal: Proposal) -> Sequence[int | None]:
        fidelity = self.state.record.settings.space.fidelity
        return rung_steps(fidelity, self.state.config(proposal).training)
