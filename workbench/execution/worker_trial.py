"""One trial in a worker process: what it reports, and how its errors are told. Torch comes late."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    Report,
    TrialProgressed,
    TrialValidated,
    WaitingForLock,
)
from workbench.execution.executor import MemoryRanOutError, Task
from workbench.results import CurvePoint, TrialResult
from workbench.store.ledger import Ledger
from workbench.system.memory import in_one_line, one_line, ran_out


@dataclass(frozen=True)
class TrialReporter:
    """Sends what a trial reports. A stop takes effect at every report."""

    task: Task
    send: Callable[[Report], None]
    is_stopping: Callable[[], bool]
    """Whether the trial shall write its checkpoint and stop."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Send how many steps are done."""
        self._send(TrialProgressed(self.task.arm, self.task.seed, done, total, what))

    def validated(self, point: CurvePoint) -> None:
        """Send a point of the learning curve."""
        self._send(TrialValidated(self.task.arm, self.task.seed, point))

    def waiting(self) -> None:
        """Send that another process trains the same network."""
        self._send(WaitingForLock(self.task.arm, self.task.seed))

    def _send(self, report: Report) -> None:
        self.send(report)
        if self.is_stopping():
            raise StoppedByUserError("stopped")


def run_reported(task: Task, store: Path, reporter: TrialReporter) -> TrialResult:
    """Run a trial in this process.

    Args:
        task: The trial; its images are packed and checked.
        store: The store that holds the ledger.
        reporter: Gets its reports.

    Raises:
        StoppedByUserError: After a stop, when the checkpoint is written.
        MemoryRanOutError: If the machine's memory did not suffice outside of training.
        WorkbenchError: What `run_trial` raises, or an error of the operating system in one line.
    """
    try:
        # Torch is imported by workers only.
        from workbench.trial.images import open_images
        from workbench.trial.run import run_trial_in_worker

        return run_trial_in_worker(
            task.config,
            store=store,
            images=open_images(task.config, Ledger(store), check=False),
            until=task.until,
            on_validation=reporter.validated,
            progress=reporter.progress,
            waiting=reporter.waiting,
        )
    except Exception as error:
        if ran_out(error):
            raise MemoryRanOutError(in_one_line(error)) from None
        if isinstance(error, OSError):  # of this machine, and no bug: it may have passed soon
            raise WorkbenchError(one_line(error)) from None
        raise
