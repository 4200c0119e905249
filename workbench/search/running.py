"""A batch of a search on its way from rung to rung."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workbench.config.trial import TrialConfig
from workbench.errors import WorkbenchError
from workbench.execution.plan import Arm, Plan
from workbench.results import TrialState
from workbench.search.objectives import Objective
from workbench.search.population import Population
from workbench.search.ranking import ranked
from workbench.search.record import FAILED, Line, Proposal, Retry, Stage
from workbench.search.rungs import rung_steps, who_goes_on
from workbench.search.sampler import Sampler
from workbench.search.state import CANONICAL, Ran, RunBatch, SearchState

Begin = Callable[[TrialConfig], None]
"""Lets a training begin with the steps that it has in common with others, while they are there."""


@dataclass
class Running:
    """Takes batches from rung to rung."""

    state: SearchState
    objectives: tuple[Objective, ...]
    run: RunBatch
    keep: Callable[[Line], None]
    trials: int
    """Of the search, at most; those that go on from others are trials, too."""
    population: Population | None = None
    """If the stopped ones make room for new ones."""
    begin: Begin | None = None
    """Without it they are trained from the beginning, which gives the same."""
    at_rung: dict[int, dict[str, tuple[float, ...]]] = field(default_factory=dict)
    """Values of the candidates of all batches so far; the canonical network is none of them."""
    retrying: bool = False
    """Whether the batch failed before."""

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
            going = [p for p in going if p.name in stage.goes_on] + list(stage.born)
        if going:
            values = self._at_end(going).values
        for proposal in proposals:
            sampler.tell(proposal, values.get(proposal.name))

    def retry(self, line: Retry, sampler: Sampler) -> None:
        """Run candidates again that failed, as a batch of their own."""
        again = [
            proposal.model_copy(update={"batch": line.batch})
            for proposal in self.state.record.proposals
            if proposal.number in line.numbers
        ]
        for proposal in again:
            if proposal.number > 0:
                sampler.go_on(proposal)
        self.retrying = True
        self.run_and_tell(again, sampler)
        self.retrying = False

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
        ended = endings(ran, TrialState.COMPLETE, TrialState.PRUNED)
        values = {
            name: tuple(o.value_at(found, until[name]) for o in self.objectives)
            for name, found in ran.results.items()
            if name not in ended
        }
        settings = self.state.record.settings
        keep, before = settings.space.fidelity.keep, self.at_rung.get(rung, {})
        if self.population is not None and not self.retrying:
            before = {}  # a population is compared with nobody else
        best = who_goes_on(values, before, self.objectives, keep)
        free = {CANONICAL, *(name for name, step in steps.items() if step is None)}
        stage = Stage(
            batch=going[0].batch,
            rung=rung,
            values=values,
            ended=ended,
            goes_on=tuple(p.name for p in going if p.name in {*best, *free}),
        )
        return stage.model_copy(update={"born": self._born(stage, going, until)})

    def _born(
        self, stage: Stage, going: Sequence[Proposal], until: Mapping[str, int]
    ) -> tuple[Proposal, ...]:
        """Return who takes the places of those that were stopped at a rung, or failed."""
        places = len(going) - len(stage.goes_on)
        if self.population is None or self.retrying or not until:
            return ()  # the places of those that failed before are taken
        here = {name: stage.values[name] for name in stage.goes_on if name in stage.values}
        best = set(ranked(here, self.objectives)[:places])
        count = min(places, self.trials - len(self.state.trained))
        parents = [proposal for proposal in going if proposal.name in best]
        return self.population.born(stage.batch, max(until.values()), parents, count)

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
        ended = endings(ran, TrialState.COMPLETE)
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
        for proposal in going:
            self._begin(proposal)
        arms = tuple(Arm(p.name, "", self.state.config(p)) for p in going)
        settings = self.state.record.settings
        ran = self.run(Plan(self.state.record.name, arms, settings.trial_seeds), until)
        whole = len(arms) > 1 and not self.retrying
        if len(ran.failed) == len(arms) and (whole or arms[0].name == CANONICAL):
            # What is wrong is not the network; the batch is run again by the same command.
            reason = next(iter(ran.failed.values()))
            which = "the canonical network" if len(arms) == 1 else "every trial of this batch"
            raise WorkbenchError(f"{which} failed: {reason}")
        return ran

    def _begin(self, proposal: Proposal) -> None:
        """Let a candidate have the weights of the one that it goes on from, while that waits."""
        if proposal.parent is not None and self.begin is not None:
            self.begin(self.state.config(proposal))

    def _step(self, proposal: Proposal, rung: int) -> int | None:
        fidelity = self.state.record.settings.space.fidelity
        return rung_steps(fidelity, self.state.config(proposal).training)[rung]


def endings(ran: Ran, *good: TrialState) -> dict[str, str]:
    """Return why arms did not come to a score, by name."""
    found = {name: f"{FAILED}: {reason}" for name, reason in ran.failed.items()}
    for name, results in ran.results.items():
        bad = [result for result in results if result.state not in good]
        if bad and name not in found:
            found[name] = f"{bad[0].state.value}: {bad[0].reason}"
    return found
