"""A worker process of `processes.py`: runs the trials that it is given and reports on a pipe."""

import os
import signal
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from types import FrameType

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    Notice,
    Report,
    TrialProgressed,
    TrialValidated,
    WaitingForLock,
)
from workbench.execution.executor import MemoryRanOutError, Task
from workbench.results import CurvePoint, TrialResult
from workbench.store.ledger import Ledger
from workbench.system.digests import forwarded
from workbench.system.memory import in_one_line, one_line, ran_out
from workbench.system.process import die_with_parent


class _Reporter:
    """The worker's end of the pipe. A stop takes effect at every report of a trial."""

    def __init__(self, stop: Event, writer: "Connection[Report, object]") -> None:
        self.stop = stop
        self.writer = writer
        self.task: Task | None = None
        self.terminated = False

    def terminate(self, _number: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM: a trial that runs writes its checkpoint first."""
        self.terminated = True
        if self.task is None:
            os._exit(1)

    def progress(self, done: int, total: int, what: str) -> None:
        arm, seed = self._trial()
        self._send(TrialProgressed(arm, seed, done, total, what))

    def validated(self, point: CurvePoint) -> None:
        arm, seed = self._trial()
        self._send(TrialValidated(arm, seed, point))

    def waiting(self) -> None:
        self._send(WaitingForLock(*self._trial()))

    def notice(self, text: str) -> None:
        """Pass a warning on. The trial does not stop here, as files may be open."""
        self.writer.send(Notice(text))

    def _trial(self) -> tuple[str, int]:
        assert self.task is not None
        return self.task.arm, self.task.seed

    def _send(self, report: Report) -> None:
        self.writer.send(report)
        if self.terminated or self.stop.is_set():
            raise StoppedByUserError("stopped")


_REPORTERS: list[_Reporter] = []
"""The worker's one reporter: a pool's initializer has no other way to hand over a pipe."""


def start_worker(driver: int, stop: Event, writer: "Connection[Report, object]") -> None:
    """Prepare this process.

    Args:
        driver: Process id of the driver; this process ends with it.
        stop: Set when trials shall write their checkpoints and stop.
        writer: Takes the reports.
    """
    die_with_parent(driver)
    reporter = _Reporter(stop, writer)
    _REPORTERS.append(reporter)
    # Ctrl-C reaches the whole process group; the driver alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, reporter.terminate)


def run_task(task: Task, store: Path) -> TrialResult:
    """Run a trial in this process.

    Args:
        task: The trial; its images are packed and checked.
        store: The store that holds the ledger.

    Raises:
        StoppedByUserError: After a stop, when the checkpoint is written.
        MemoryRanOutError: If the machine's memory did not suffice outside of training.
        WorkbenchError: What `run_trial` raises, or an error of the operating system in one line.
    """
    reporter = _REPORTERS[0]
    reporter.task = task
    try:
        # Torch is imported by workers only.
        from workbench.trial.images import open_images
        from workbench.trial.run import run_trial

        with forwarded(reporter.notice):
            return run_trial(
                task.config,
                store=store,
                images=open_images(task.config, Ledger(store), check=False),
                until=task.until,
                on_validation=reporter.validated,
                progress=reporter.progress,
                waiting=reporter.waiting,
            )
    except StoppedByUserError:
        if reporter.terminated:
            os._exit(1)  # as if it had been killed, but with its last steps on disk
        raise
    except Exception as error:
        if ran_out(error):
            raise MemoryRanOutError(in_one_line(error)) from None
        if isinstance(error, OSError):  # of this machine, and no bug: it may have passed soon
            raise WorkbenchError(one_line(error)) from None
        raise
    finally:
        reporter.task = None
