"""The executor for this machine's CPU: worker processes run trials, the driver listens.

Workers only run trials and report; the driver owns the terminal, the tracker and the signals.
Each worker is a pool of one process, so that one that dies takes nothing with it but its trial.
"""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Event
from pathlib import Path

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    Notice,
    Report,
    TrialEmit,
    TrialFailed,
    TrialFinished,
    WorkerDied,
)
from workbench.execution.executor import MemoryRanOutError, Task, WorkerLostError
from workbench.execution.process_worker import run_task, start_worker
from workbench.results import TrialResult
from workbench.system.digests import say
from workbench.system.process import without_main_module
from workbench.system.stopping import children_spared, signals_set

POLL_S = 0.1
MAX_DEATHS = 2
"""A trial whose worker has died this often has failed."""


class ProcessExecutor:
    """Runs trials in worker processes, which are kept from one `run` to the next.

    Args:
        store: The store that holds the ledger.
        count: Number of processes, at least 1; each is started when it is needed first.
    """

    def __init__(self, store: Path, count: int) -> None:
        self._store = store
        with children_spared():  # it starts a process of the library
            self._stop = multiprocessing.get_context("spawn").Event()
        self._workers = [_Worker(self._stop) for _ in range(count)]

    def __enter__(self) -> "ProcessExecutor":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.shutdown()

    def run(self, tasks: Sequence[Task], emit: TrialEmit, /) -> None:
        """Run trials; see `Executor`."""
        with signals_set(self._stop):
            try:
                _Dispatch(tasks, self._store, list(self._workers), emit).run(self._stop)
            except BaseException:
                self._stop.set()  # no driver listens; workers must not train for hours
                raise
        if self._stop.is_set():
            raise StoppedByUserError("stopped; rerun the same command to resume")


class _Worker:
    """One worker; its process is started when there is a trial, and again when it has died.

    Each process has a pipe of its own for its reports: a queue of all would keep the lock of a
    process that is killed in the middle of a report.
    """

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._pool: ProcessPoolExecutor | None = None
        self.reader: Connection[object, Report] | None = None

    def submit(self, task: Task, store: Path) -> Future[TrialResult]:
        """Hand a trial to the process, which is started if there is none."""
        if self._pool is not None:
            try:
                return self._pool.submit(run_task, task, store)
            except BrokenProcessPool:  # it was killed while it was idle
                self.shutdown()
        context = multiprocessing.get_context("spawn")
        self.reader, writer = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            max_workers=1,
            mp_context=context,
            initializer=start_worker,
            initargs=(os.getpid(), self._stop, writer),
        )
        with without_main_module(), children_spared():
            future = self._pool.submit(run_task, task, store)
        writer.close()  # the process has its own by now; its end is then the end of the pipe
        return future

    def drain(self, emit: TrialEmit) -> None:
        """Pass on all reports that are there."""
        try:
            while self.reader is not None and self.reader.poll():
                report = self.reader.recv()
                if isinstance(report, Notice):
                    say(report.text)
                else:
                    emit(report)
        except (EOFError, OSError):  # it died; its future will say so
            self._close()

    def shutdown(self) -> None:
        """End the process, which may be dead already."""
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = None
        self._close()

    def _close(self) -> None:
        if self.reader is not None:
            self.reader.close()
        self.reader = None


@dataclass
class _Dispatch:
    """Hands out the tasks of one `run`, one by one, to the workers that are idle."""

    tasks: Sequence[Task]
    store: Path
    idle: list[_Worker]
    emit: TrialEmit
    waiting: deque[Task] = field(default_factory=deque)
    seen: int = 0
    """How many of the tasks have been taken from the sequence, which may grow."""
    busy: dict[Future[TrialResult], tuple[_Worker, Task]] = field(default_factory=dict)
    deaths: dict[int, int] = field(default_factory=dict)
    """How often the worker of a task died, by the task's id."""

    def run(self, stop: Event) -> None:
        """Return when every trial has ended, or a stop has ended those that run."""
        self._take_added()
        while self.busy or (self.waiting and not stop.is_set()):
            while self.waiting and self.idle and not stop.is_set():
                worker, task = self.idle.pop(), self.waiting.popleft()
                self.busy[worker.submit(task, self.store)] = worker, task
            self._take_reports()
            for future in [future for future in self.busy if future.done()]:
                worker, task = self.busy.pop(future)
                worker.drain(self.emit)  # its last reports come before its result
                self._end(future, worker, task, stopping=stop.is_set())
                self.idle.append(worker)
            self._take_added()

    def _take_added(self) -> None:
        added = self.tasks[self.seen :]
        self.waiting.extend(added)
        self.seen += len(added)

    def _take_reports(self) -> None:
        """Wait a moment for reports, and pass them on."""
        readers = [worker.reader for worker, _ in self.busy.values() if worker.reader is not None]
        if readers:
            wait(readers, timeout=POLL_S)
        else:
            time.sleep(POLL_S)
        for worker, _ in self.busy.values():
            worker.drain(self.emit)

    def _end(
        self, future: Future[TrialResult], worker: _Worker, task: Task, *, stopping: bool
    ) -> None:
        error = future.exception()
        if error is None:
            self.emit(TrialFinished(task.arm, task.seed, future.result()))
        elif isinstance(error, BrokenProcessPool):
            worker.shutdown()
            if not stopping:  # SIGTERM to all processes of a job ends workers, too
                self._count_death(task)
        elif isinstance(error, WorkbenchError):
            if isinstance(error, MemoryRanOutError):
                # What failed half-way, such as an import, cannot be repeated in that process.
                worker.shutdown()
            if not isinstance(error, StoppedByUserError):
                self.emit(TrialFailed(task.arm, task.seed, error))
        else:
            raise error

    def _count_death(self, task: Task) -> None:
        deaths = self.deaths[id(task)] = self.deaths.get(id(task), 0) + 1
        if deaths < MAX_DEATHS:
            self.emit(WorkerDied(task.arm, task.seed))
            self.waiting.appendleft(task)
            return
        lost = WorkerLostError(
            f"its worker process died {MAX_DEATHS} times, perhaps because memory ran out: "
            "fewer --workers need less"
        )
        self.emit(TrialFailed(task.arm, task.seed, lost))
