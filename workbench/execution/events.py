"""What happens to trials while they run: frozen values, given to an `emit`. No torch.

An executor emits what its workers report, `stream.py` adds what it decides itself (a trial is
reused, starts, is interrupted). Displays and trackers are emits: functions of one event.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workbench.config.trial import TrialConfig
from workbench.errors import WorkbenchError
from workbench.results import CurvePoint, TrialResult
from workbench.system.events import Emit


@dataclass(frozen=True)
class WorkersStarting:
    """Trials are handed to the executor, whose workers start; that takes seconds."""

    trials: int


@dataclass(frozen=True)
class TrialEvent:
    """What every event of a trial has."""

    arm: str
    """Name of its arm."""
    seed: int


@dataclass(frozen=True)
class TrialReused(TrialEvent):
    """The ledger has its result, or another arm of the same network has just finished."""

    result: TrialResult


@dataclass(frozen=True)
class TrialStarted(TrialEvent):
    """A worker runs it; the first event of a trial that is not reused."""

    key: str
    """In the ledger."""
    config: TrialConfig


@dataclass(frozen=True)
class TrialProgressed(TrialEvent):
    """`done` of `total` training steps are done."""

    done: int
    total: int
    what: str
    """The loss, or what the worker does besides training."""


@dataclass(frozen=True)
class TrialValidated(TrialEvent):
    """The validation images were scored; one more point of the learning curve."""

    point: CurvePoint


@dataclass(frozen=True)
class WaitingForLock(TrialEvent):
    """Another process trains the same network; the trial waits for it."""


@dataclass(frozen=True)
class WorkerDied(TrialEvent):
    """The process of the trial died; another one resumes it from its last checkpoint."""


@dataclass(frozen=True)
class TrialFinished(TrialEvent):
    """It has ended, well or not, or has reached the step at which it stops for now."""

    result: TrialResult


@dataclass(frozen=True)
class TrialFailed(TrialEvent):
    """It has no result: an error, or its worker died too often. The same command runs it again."""

    error: WorkbenchError


@dataclass(frozen=True)
class TrialInterrupted(TrialEvent):
    """It had started when the user stopped the run; the same command resumes it."""


@dataclass(frozen=True)
class Notice:
    """What a worker must tell the user, such as a damaged file. Only executors see it."""

    text: str


Report = TrialProgressed | TrialValidated | WaitingForLock | Notice
"""What a worker sends to its driver while a trial runs."""


def to_all(*emits: Emit) -> Emit:
    """Return an emit that gives each event to several others, in their order."""

    def emit(event: object) -> None:
        for one in emits:
            one(event)

    return emit


TrialEmit = Callable[[TrialEvent], None]
"""What an executor calls, in the driver's main thread only."""
