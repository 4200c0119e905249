"""How a search goes on: a bar for its trials with the best so far, and one for each that runs."""

from collections.abc import Mapping, Sequence

from workbench.cli.display import AblationDisplay
from workbench.results import TrialResult, TrialState
from workbench.search.objectives import Objective
from workbench.search.ranking import front, ranked
from workbench.search.record import Batch, Line, Promotion, SearchRecord, Stage, name_of
from workbench.search.wording import proposal_text


class SearchDisplay(AblationDisplay):
    """A bar for all candidates; a line for each trial that ends or is stopped."""

    def __init__(self, record: SearchRecord, trials: int, objectives: Sequence[Objective]) -> None:
        super().__init__(trials, 1 / len(record.settings.trial_seeds))
        self._objectives = objectives
        self._rungs = len(record.settings.space.fidelity.rungs)
        self._stopped = "waits" if record.settings.asynchronous else "stopped"
        self._settled = self._rejected = 0
        self._values: dict[str, tuple[float, ...]] = {}
        self._known = True
        for line in record.lines:
            self.note(line)
        self._known = False
        self._pace.before = self._settled

    def note(self, line: Line) -> None:
        """Take what has happened."""
        match line:
            case Batch():
                self._rejected += sum(bool(p.rejected) for p in line.proposals)
            case Promotion():
                self._settled -= 1
                self._say(f"{name_of(line.number)} goes on from rung {line.rung + 1}")
            case Stage() if line.rung < self._rungs:
                stopped = [name for name in line.values if name not in line.goes_on]
                self._settled += len(line.ended) + len(stopped)
                if stopped:
                    self._say(f"rung {line.rung + 1}: {', '.join(stopped)} {self._stopped}")
                for proposal in line.born:
                    self._say(f"{proposal.name}: {proposal_text(proposal)}")
            case Stage():
                self._settled += len(line.ended) + len(line.values)
                self._values |= line.values
        self._bars.update(self._all, completed=self._settled, remark=self._remark())

    def reused(self, arm: str, seed: int, result: TrialResult) -> None:  # noqa: ARG002
        """Take a trial that was finished before; its line of the record counts it."""
        self.reused_count += 1

    def finished(self, arm: str, seed: int, result: TrialResult) -> None:
        """Replace the trial's bar by a line; one that waits at a rung has had its line."""
        if result.state is TrialState.PRUNED:
            self._remove(arm, seed)
        else:
            super().finished(arm, seed, result)

    def _say(self, text: str) -> None:
        if not self._known:
            self._line(text)

    def _remark(self) -> str:
        return ", ".join([*_best(self._values, self._objectives), f"{self._rejected} rejected"])

    def _count(self) -> None:
        """Count nothing: a trial that stops at a rung has not ended."""


def _best(
    values: Mapping[str, tuple[float, ...]], objectives: Sequence[Objective]
) -> tuple[str, ...]:
    if not values:
        return ()
    if len(objectives) > 1:
        return (f"{len(front(values, objectives))} on the front",)
    name = ranked(values, objectives)[0]
    return (f"best {name} {values[name][0]:.4f}",)
