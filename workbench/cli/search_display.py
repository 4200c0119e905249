"""How the trials of a search are shown: bars, the best network so far, and a line for each end."""

from workbench.cli.display import ending_text
from workbench.cli.trial_bars import BarsDisplay, TrialBars
from workbench.execution.events import TrialFailed, TrialFinished, TrialReused
from workbench.experiments.stored_search import objectives_of
from workbench.reporting.search_texts import difference_text, proposal_text, value_text
from workbench.results import TrialResult, TrialState
from workbench.search.proposals import candidate_name
from workbench.search.ranking import front, ranked
from workbench.search.record import (
    BatchProposed,
    Promoted,
    RetryStarted,
    RungResult,
    SearchEvent,
    SearchRecord,
)
from workbench.search.state import BASELINE


class SearchDisplay(BarsDisplay):
    """A bar for all networks; a line for each trial that ends or is stopped early.

    Args:
        record: The search as it was left, or a new one.
        trials: Networks that are trained in all.
        workers: Trials at a time; None if it is not known.
    """

    def __init__(
        self,
        record: SearchRecord,
        trials: int,
        workers: int | None = 1,
    ) -> None:
        settings = record.settings
        self._seeds = settings.trial_seeds
        at_once = settings.batch * len(self._seeds)
        self.bars = TrialBars(
            trials, None if workers is None else min(workers, at_once), self.trials_left
        )
        self._objectives = objectives_of(settings)
        self._base = settings.space.base
        self._rungs = len(settings.space.fidelity.rungs)
        self._stopped = "waits" if settings.asynchronous else "stopped"
        self._rejected = 0
        self._settled = set[str]()
        """Networks that have their score, failed, or were stopped early."""
        self._ended: dict[str, set[int]] = {}
        """Seeds whose trial has ended, by network."""
        self._results: dict[str, dict[int, TrialResult]] = {}
        self._values: dict[str, tuple[float, ...]] = {}
        self._known = True
        for line in record.events:
            self.note(line)
        self._known = False

    def __call__(self, event: object) -> None:
        """Show an event of a trial; those of other kinds are ignored."""
        match event:
            case TrialReused(arm, seed, result):
                self._take_result(arm, seed, result)
                self._settle(arm, seed)
            case TrialFinished(arm, seed, result) if result.state is TrialState.PRUNED:
                # The rung at which it is stopped has a line of its own.
                self.bars.remove((arm, seed))
                self.bars.pace.pause((arm, seed))
            case TrialFinished(arm, seed, result):
                self._take_result(arm, seed, result)
                self._settle(arm, seed)
                best = self._best_text(arm)
                self.bars.say("; ".join(t for t in (ending_text(arm, seed, result), best) if t))
            case TrialFailed(arm, seed, error):
                self._settle(arm, seed)
                self.bars.say(f"{arm} seed {seed}: failed, {error}")
            case _:
                self.bars.show(event)

    def note(self, line: SearchEvent) -> None:
        """Show an event of the search's record."""
        match line:
            case BatchProposed():
                self._rejected += sum(bool(p.rejected) for p in line.proposals)
            case Promoted():
                self._settled.discard(candidate_name(line.number))
                self._say(f"{candidate_name(line.number)} is promoted from rung {line.rung + 1}")
            case RetryStarted():
                names = [candidate_name(number) for number in line.numbers]
                self._settled.difference_update(names)
                for name in names:
                    self._ended.pop(name, None)
                self._say(f"trials that failed are run again: {', '.join(names)}")
            case RungResult():
                self._take_stage(line)
        self._show()

    def trials_left(self) -> float:
        """Return how many trials have not ended; a network has one for each seed."""
        return self.bars.uncounted() * len(self._seeds)

    def _take_stage(self, stage: RungResult) -> None:
        stopped = [name for name in stage.values if name not in stage.promoted]
        if stage.rung == self._rungs:
            self._values |= stage.values
        elif stopped:
            where = f"rung {stage.rung + 1}: {', '.join(stopped)}"
            self._say(f"{where} {self._stopped}")
        for name in (*stage.failures, *stopped):
            self._settle_network(name)
        for proposal in stage.offspring:
            self._say(f"{proposal.name}: {proposal_text(proposal)}")

    def _take_result(self, arm: str, seed: int, result: TrialResult) -> None:
        """Note the score of a network once it has one under every seed."""
        if result.state is not TrialState.COMPLETE:
            return
        found = self._results.setdefault(arm, {})
        found[seed] = result
        if len(found) == len(self._seeds):
            ordered = [found[number] for number in self._seeds]
            self._values[arm] = tuple(one.value(ordered) for one in self._objectives)

    def _settle(self, arm: str, seed: int) -> None:
        """Remove a trial's bar, and count its network when its last trial has ended."""
        self.bars.remove((arm, seed))
        self.bars.pace.settle((arm, seed))
        self._ended.setdefault(arm, set()).add(seed)
        if len(self._ended[arm]) == len(self._seeds):
            self._settle_network(arm)

    def _settle_network(self, name: str) -> None:
        self._settled.add(name)
        for seed in self._seeds:
            self.bars.pace.settle((name, seed))
        self._show()

    def _show(self) -> None:
        rejected = [f"{self._rejected} rejected"] if self._rejected else []
        self.bars.count(len(self._settled))
        self.bars.set_remark(", ".join([*self._best(), *rejected]))

    def _say(self, text: str) -> None:
        if not self._known:
            self.bars.say(text)

    def _best_text(self, arm: str) -> str:
        """Say that a network is the best so far; empty if it is not."""
        values = self._values
        if len(self._objectives) != 1 or arm not in values or len(values) < 2:
            return ""
        if ranked(values, self._objectives)[0] != arm:
            return ""
        return f"best so far{self._distance(arm)}"

    def _best(self) -> tuple[str, ...]:
        if not self._values or not self._objectives:
            return ()
        if len(self._objectives) > 1:
            return (f"{len(front(self._values, self._objectives))} on the front",)
        name = ranked(self._values, self._objectives)[0]
        value = value_text(self._objectives[0], self._values[name][0])
        return (f"best {name} {value}{self._distance(name)}",)

    def _distance(self, name: str) -> str:
        """Return how far a network is from the canonical one."""
        if name == BASELINE or BASELINE not in self._values:
            return ""
        delta = self._values[name][0] - self._values[BASELINE][0]
        return f" ({difference_text(self._objectives[0], delta)} against {self._base})"
