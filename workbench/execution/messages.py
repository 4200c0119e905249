"""What is handed to those who run trials, and what they tell. No torch."""

from dataclasses import dataclass
from typing import Protocol

from workbench.config.trial import TrialConfig
from workbench.errors import WorkbenchError
from workbench.results import CurvePoint, TrialResult


@dataclass(frozen=True)
class Advance:
    """A trial has done `done` of `total` steps."""

    done: int
    total: int
    what: str


@dataclass(frozen=True)
class Waits:
    """A trial waits for another process that trains the same network."""


@dataclass(frozen=True)
class Lost:
    """The process of a trial died; another one goes on with it."""


@dataclass(frozen=True)
class Notice:
    """Something that the user must know, such as a damaged file; the driver says it once."""

    text: str


Message = Advance | CurvePoint | Waits | Lost | Notice


@dataclass(frozen=True)
class Task:
    """One trial for a worker."""

    config: TrialConfig
    until: int | None = None
    """Step at which it stops for now; None to run it to its end."""


class Listener(Protocol):
    """What the driver does with the news of the trials. Called in the driver only."""

    def news(self, index: int, message: Message) -> None:
        """Take a message of trial `index`."""

    def finished(self, index: int, result: TrialResult) -> None:
        """Take the result of trial `index`."""

    def failed(self, index: int, error: WorkbenchError) -> None:
        """Take what kept trial `index` from ending."""


class WorkerLostError(WorkbenchError):
    """A worker process died; usually the system took it because memory ran out."""


class MemoryRanOutError(WorkbenchError):
    """The memory of a worker did not suffice; its process is not used again."""
