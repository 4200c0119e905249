"""What the driver and a process of lanes send each other. No torch."""

from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.execution.events import Notice, TrialProgressed, TrialValidated, WaitingForLock
from workbench.execution.executor import Task
from workbench.results import TrialResult


@dataclass(frozen=True)
class RunTrial:
    """Run a trial in a lane of its own, beside those that run."""

    ticket: int
    """Number of this attempt; what is sent back names it."""
    task: Task


@dataclass(frozen=True)
class StopTrials:
    """Let every trial write its checkpoint and stop."""


@dataclass(frozen=True)
class EndProcess:
    """End when no trial runs any more."""


@dataclass(frozen=True)
class Reported:
    """A trial has got further."""

    ticket: int
    report: TrialProgressed | TrialValidated | WaitingForLock


@dataclass(frozen=True)
class Bug:
    """A trial raised what no trial should raise."""

    traceback: str


@dataclass(frozen=True)
class Ended:
    """A trial has ended; nothing more comes from it."""

    ticket: int
    ending: TrialResult | WorkbenchError | Bug


@dataclass(frozen=True)
class DeviceMemory:
    """Memory of the process's GPU at this moment."""

    free_bytes: int
    lane_bytes: int
    """What one lane takes at most, on average over the lanes."""


Request = RunTrial | StopTrials | EndProcess
Message = Reported | Ended | Notice | DeviceMemory
