"""A worker process of `processes.py`: runs the trials that it is given and reports on a pipe."""

import os
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from types import FrameType

from workbench.errors import StoppedByUserError
from workbench.execution.events import Notice, Report
from workbench.execution.executor import Task
from workbench.execution.worker_trial import TrialReporter, run_reported
from workbench.results import TrialResult
from workbench.system.digests import forwarded
from workbench.system.process import die_with_parent, exit_without_collection


class _Worker:
    """What this process knows besides the trial that it runs."""

    def __init__(self, stop: Event, writer: "Connection[Report, object]") -> None:
        self.stop = stop
        self.writer = writer
        self.is_running = False
        self.terminated = False

    def terminate(self, _number: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM: a trial that runs writes its checkpoint first."""
        self.terminated = True
        if not self.is_running:
            os._exit(1)

    def is_stopping(self) -> bool:
        return self.terminated or self.stop.is_set()

    def notice(self, text: str) -> None:
        """Pass a warning on. The trial does not stop here, as files may be open."""
        self.writer.send(Notice(text))


_WORKERS: list[_Worker] = []
"""The one of this process: a pool's initializer has no other way to hand over a pipe."""


def start_worker(driver: int, stop: Event, writer: "Connection[Report, object]") -> None:
    """Prepare this process.

    Args:
        driver: Process id of the driver; this process ends with it.
        stop: Set when trials shall write their checkpoints and stop.
        writer: Takes the reports.
    """
    die_with_parent(driver)
    exit_without_collection()
    sys.stdout = sys.stderr  # the driver's may be what a program reads; users' code may print
    worker = _Worker(stop, writer)
    _WORKERS.append(worker)
    # Ctrl-C reaches the whole process group; the driver alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, worker.terminate)


def run_task(task: Task, store: Path) -> TrialResult:
    """Run a trial in this process; see `run_reported`."""
    worker = _WORKERS[0]
    worker.is_running = True
    try:
        with forwarded(worker.notice):
            reporter = TrialReporter(task, worker.writer.send, worker.is_stopping)
            return run_reported(task, store, reporter)
    except StoppedByUserError:
        if worker.terminated:
            os._exit(1)  # as if it had been killed, but with its last steps on disk
        raise
    finally:
        worker.is_running = False
