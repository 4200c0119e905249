"""What happens to the trials of a study or a search, as events."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.execution.messages import Listener, Message, Task
from workbench.results import TrialResult
from workbench.statistics.decision_rule import ALPHA
from workbench.system.events import Emit

if TYPE_CHECKING:
    from workbench.execution.run import RunTasks


@dataclass(frozen=True)
class TrialsStarted:
    """Trials of one plan, or of one look of it, start; `TrialsEnded` follows."""

    trials: int
    """How many there are, finished ones included."""
    at_once: int | None
    """Trials at a time; None for as many as a cluster holds."""
    against: Mapping[str, str] = field(default_factory=dict)
    """By name of a network, the one that it is compared with."""
    alpha: float = ALPHA
    """One minus the confidence of the intervals."""


@dataclass(frozen=True)
class TrialsEnded:
    """The trials of the last `TrialsStarted` have ended, well or not."""


@dataclass(frozen=True)
class WorkersStarting:
    """Workers start, which takes seconds."""

    tasks: int
    """Trials that wait for them."""


@dataclass(frozen=True)
class TrialReused:
    """A trial was finished before."""

    arm: str
    seed: int
    result: TrialResult


@dataclass(frozen=True)
class TrialNews:
    """A running trial told something."""

    arm: str
    seed: int
    message: Message


@dataclass(frozen=True)
class TrialFinished:
    """A trial has just ended, with or without scores."""

    arm: str
    seed: int
    result: TrialResult


@dataclass(frozen=True)
class TrialFailed:
    """A trial could not end; rerunning the command runs it again."""

    arm: str
    seed: int
    error: WorkbenchError


@dataclass
class TrialEvents:
    """Turns what the run of a plan tells into events, and counts the trials that were reused."""

    emit: Emit
    reused_count: int = 0

    def announcing(self, run: "RunTasks") -> "RunTasks":
        """Return what runs trials and emits first that workers start."""

        def announced(tasks: Sequence[Task], listener: Listener) -> None:
            self.emit(WorkersStarting(len(tasks)))
            run(tasks, listener)

        return announced

    def reused(self, arm: str, seed: int, result: TrialResult) -> None:
        """Emit a trial that was finished before."""
        self.reused_count += 1
        self.emit(TrialReused(arm, seed, result))

    def news(self, arm: str, seed: int, message: Message) -> None:
        """Emit what a running trial told."""
        self.emit(TrialNews(arm, seed, message))

    def finished(self, arm: str, seed: int, result: TrialResult) -> None:
        """Emit the end of a trial."""
        self.emit(TrialFinished(arm, seed, result))

    def failed(self, arm: str, seed: int, error: WorkbenchError) -> None:
        """Emit that a trial could not end."""
        self.emit(TrialFailed(arm, seed, error))


@contextmanager
def trials(emit: Emit, started: TrialsStarted) -> Iterator[TrialEvents]:
    """Emit that trials start, and at the end of the block that they have ended."""
    emit(started)
    try:
        yield TrialEvents(emit)
    finally:
        emit(TrialsEnded())
