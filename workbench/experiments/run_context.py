"""Where and how trials are run; nothing of it changes a result. No torch."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.execution.executors import LOCAL, ExecutorSpec
from workbench.execution.lane_count import MEASURED_TO
from workbench.system.text import counted
from workbench.system.time_limit import TimeLimit


def start_without_asking(estimate: str, /) -> None:
    """Let a study of any length start."""


@dataclass(frozen=True)
class RunContext:
    """Where and how trials are run."""

    store: Path
    """Folder of ledger, packed images and MLflow database."""
    workers: int = 0
    """Trials at a time; 0 for one for each core, or for lanes on a GPU."""
    tracking_uri: str | None = None
    """MLflow server or database of the user's own; None for the store's."""
    command: str = ""
    """What was typed, which the declaration keeps; empty if nothing was."""
    executor: ExecutorSpec = LOCAL
    """What runs the trials."""
    allow_overlap: bool = False
    """Train also on images that networks are scored on; the scores then say so."""
    confirm: Callable[[str], None] = start_without_asking
    """Called with the estimate of a study of more than an hour; raises to refuse it."""
    time_limit: TimeLimit | None = None
    """Within which the command has ended; None for none."""

    @property
    def at_once(self) -> int | None:
        """Trials at a time; None for as many as a cluster holds, or as are measured on a GPU."""
        return None if self.executor.address or self.executor.measures_lanes else self.workers

    @property
    def gpus(self) -> int:
        """GPUs that the workers share; 1 for a CPU."""
        return max(1, len(self.executor.devices))

    def describe_workers(self) -> str:
        """Return how many trials run at a time: `with 2 workers`, `in 4 lanes`."""
        if self.executor.lanes_at_once is None:
            return f"with {counted(self.workers, 'worker')}"
        more = " or more" if self.executor.measures_lanes else ""
        return f"in {counted(self.workers, 'lane')}{more}"

    def idle_text(self, trials: int) -> str:
        """Return which lanes or workers this many trials leave idle, or an empty text."""
        most = MEASURED_TO * self.gpus
        if self.executor.measures_lanes and trials < most:
            return (
                f"at most {counted(trials, 'trial')} at a time; up to {most} lanes are tried, "
                "which a larger batch would fill"
            )
        if self.at_once is None or self.workers <= trials:
            return ""
        return f"{self.workers - trials} of the workers will be idle"

    def on(self, device: str) -> "RunContext":
        """Return the context for trials that train on a device.

        It has as many workers as the device takes, unless they are given, and lanes on a GPU.

        Raises:
            ConfigError: For GPUs that do not exist, or GPUs by number for a CPU.
        """
        executor = self.executor.on(device, self.workers)
        workers = executor.lanes_at_once or self.workers or default_workers(device)
        return replace(self, executor=executor, workers=workers)


def default_workers(device: str) -> int:
    """Return how many processes run trials unless it is given.

    Args:
        device: `cuda` for one process; otherwise one for each core, with one thread each.
    """
    if device == "cuda":
        return 1
    # Linux says which cores this process may use.
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
