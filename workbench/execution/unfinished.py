"""How far trials are when they are stopped before their end. No torch."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.errors import WorkbenchError
from workbench.execution.events import (
    TrialEvent,
    TrialFailed,
    TrialFinished,
    TrialInterrupted,
    TrialReused,
    WorkersStarting,
)
from workbench.results import TrialState


@dataclass(frozen=True)
class Unfinished:
    """What is left of a study or a search that was stopped by a signal or a time limit."""

    reason: str
    """`SIGTERM`, `SIGUSR1` or the time limit."""
    planned: int = 0
    """Trials in all; of a search, its networks; 0 if it was stopped before they were known."""
    finished: int = 0
    """Of these; reused ones are among them."""
    interrupted: int = 0
    """Stopped at a checkpoint, from which they resume."""
    failed: int = 0
    """Without a result, such as those whose worker died; they are run again."""
    what: str = "trials"

    @property
    def not_started(self) -> int:
        """Those that have not begun."""
        return max(0, self.planned - self.finished - self.interrupted - self.failed)

    @property
    def in_time(self) -> bool:
        """Whether its own time limit has stopped it, rather than a signal."""
        return self.reason not in ("SIGTERM", "SIGUSR1")

    def text(self) -> str:
        """Say in one line why it has stopped and what is left."""
        if not self.planned:
            return f"stopped by {self.reason}; rerun the same command to resume"
        failed = f", {self.failed} failed" if self.failed else ""
        return (
            f"stopped by {self.reason}: {self.finished} of {self.planned} {self.what} finished, "
            f"{self.interrupted} stopped at a checkpoint{failed}, {self.not_started} not started; "
            "rerun the same command to resume"
        )

    def to_dict(self) -> Mapping[str, str | int]:
        """Return it as plain data."""
        return {
            "reason": self.reason,
            self.what: self.planned,
            "finished": self.finished,
            "interrupted": self.interrupted,
            "failed": self.failed,
            "not_started": self.not_started,
        }


class StoppedEarlyError(WorkbenchError):
    """A signal or a time limit: finished work is kept, and rerunning the same command resumes."""

    exit_code = 0

    def __init__(self, left: Unfinished, study: str = "") -> None:
        super().__init__(left.text())
        self.left = left
        self.study = study
        """The study whose trials had begun; empty if none had."""


@dataclass
class TrialWatch:
    """An emit that counts how trials end, and measures how long they are silent.

    A trial stops at one of its reports. So the longest time between two of them is how long it may
    take until all trials have noticed a stop. What follows, such as the end of the workers and the
    import of what prints tables, takes about as long as their start.
    """

    planned: int = 0
    finished: int = 0
    interrupted: int = 0
    failed: int = 0
    longest_s: float = 0.0
    """The longest time between two reports of a trial."""
    starting_s: float = 0.0
    """From the start of the workers to the first report: how slow this machine is now."""
    workers_s: float | None = None
    """When workers have started last, as long as none has reported."""
    reported_s: dict[tuple[str, int], float] = field(default_factory=dict)
    """When each running trial has reported last."""

    def __call__(self, event: object) -> None:
        """Take an event; those that are not of trials are ignored."""
        if isinstance(event, WorkersStarting):
            self.workers_s = time.monotonic()
        elif isinstance(event, TrialEvent):
            self._count(event)
            if not isinstance(event, TrialReused):
                self._measure(event, time.monotonic())

    def _count(self, event: TrialEvent) -> None:
        match event:
            case TrialReused():
                self.finished += 1
            case TrialFinished(result=result):
                self.finished += result.state is not TrialState.PRUNED
            case TrialFailed():
                self.failed += 1
            case TrialInterrupted():
                self.interrupted += 1

    def _measure(self, event: TrialEvent, now_s: float) -> None:
        trial = event.arm, event.seed
        if self.workers_s is not None:
            self.starting_s, self.workers_s = now_s - self.workers_s, None
        self.longest_s = max(self.longest_s, now_s - self.reported_s.get(trial, now_s))
        self.reported_s[trial] = now_s
        if isinstance(event, TrialFinished | TrialFailed):
            del self.reported_s[trial]

    def left(self, reason: str) -> Unfinished:
        """Return what is left of the trials."""
        return Unfinished(reason, self.planned, self.finished, self.interrupted, self.failed)
