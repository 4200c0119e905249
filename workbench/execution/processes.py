"""Many trials at once: worker processes run them, one driver listens.

Workers only run trials and report; the driver owns the terminal, the tracker and the signals.
Each worker is a pool of one process, so that one that dies takes nothing with it but its trial.
"""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Event
from pathlib import Path
from types import FrameType

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.messages import (
    Advance,
    Listener,
    Lost,
    MemoryRanOutError,
    Message,
    Notice,
    Task,
    Waits,
    WorkerLostError,
)
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.system.digests import forwarded, say
from workbench.system.memory import in_one_line, one_line, ran_out
from workbench.system.process import die_with_parent
from workbench.system.stopping import signals_set

POLL_S = 0.1
MOST_DEATHS = 2
"""A trial whose worker has died so often is given up."""


class Workers:
    """Worker processes; they are kept from one `run` to the next.

    Args:
        store: The store that holds the ledger.
        count: Number of processes, at least 1; each is started when it is needed first.
    """

    def __init__(self, store: Path, count: int) -> None:
        self._store = store
        self._stop = multiprocessing.get_context("spawn").Event()
        self._slots = [_Slot(self._stop) for _ in range(count)]

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        for slot in self._slots:
            slot.bury()

    def run(self, tasks: Sequence[Task], listener: Listener) -> None:
        """Run trials and tell the listener what happens.

        Ctrl-C or SIGTERM lets every worker write its checkpoint and stop; trials that have not
        begun do not begin. A trial whose worker dies goes on in a new one, once.

        Args:
            tasks: The trials; their place in the sequence is their index. It may become longer
                while the listener is called: what is added is run, too.
            listener: Gets all news, in this process.

        Raises:
            StoppedByUserError: After a stop, when all checkpoints are written.
        """
        with signals_set(self._stop):
            try:
                _Dispatch(tasks, self._store, list(self._slots), listener).run(self._stop)
            except BaseException:
                self._stop.set()  # nobody listens any more; workers must not go on for hours
                raise
        if self._stop.is_set():
            raise StoppedByUserError("stopped; rerun the same command to resume")


class _Slot:
    """A place for one worker process; it is made anew when it has died.

    Each process has a pipe of its own for its news: a queue of all would keep the lock of a
    process that is killed in the middle of a message.
    """

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._pool: ProcessPoolExecutor | None = None
        self.reader: Connection[object, tuple[int, Message]] | None = None

    def submit(self, index: int, task: Task, store: Path) -> Future[TrialResult]:
        """Hand a trial to the worker, which is started if there is none."""
        if self._pool is not None:
            try:
                return self._pool.submit(_run_one, index, task, store)
            except BrokenProcessPool:  # it was killed while it had nothing to do
                self.bury()
        context = multiprocessing.get_context("spawn")
        self.reader, writer = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            max_workers=1,
            mp_context=context,
            initializer=_start_worker,
            initargs=(os.getpid(), self._stop, writer),
        )
        future = self._pool.submit(_run_one, index, task, store)
        writer.close()  # the process has its own by now; its end is then the end of the pipe
        return future

    def drain(self, listener: Listener) -> None:
        """Pass on all messages that are there."""
        try:
            while self.reader is not None and self.reader.poll():
                index, message = self.reader.recv()
                if isinstance(message, Notice):
                    say(message.text)
                else:
                    listener.news(index, message)
        except (EOFError, OSError):  # it died; its future will say so
            self._close()

    def bury(self) -> None:
        """End the worker, which may be dead already."""
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
    """Hands out the trials one by one to the slots that are free."""

    tasks: Sequence[Task]
    store: Path
    idle: list[_Slot]
    listener: Listener
    waiting: deque[int] = field(default_factory=deque)
    taken: int = 0
    """So many of the tasks have been seen."""
    busy: dict[Future[TrialResult], tuple[_Slot, int]] = field(default_factory=dict)
    deaths: dict[int, int] = field(default_factory=dict)

    def run(self, stop: Event) -> None:
        """Go on until every trial has ended, or a stop has ended those that run."""
        self._take_added()
        while self.busy or (self.waiting and not stop.is_set()):
            while self.waiting and self.idle and not stop.is_set():
                slot, index = self.idle.pop(), self.waiting.popleft()
                self.busy[slot.submit(index, self.tasks[index], self.store)] = slot, index
            self._take_news()
            for future in [future for future in self.busy if future.done()]:
                slot, index = self.busy.pop(future)
                slot.drain(self.listener)  # its last news come before its result
                self._ended(future, slot, index)
                self.idle.append(slot)
            self._take_added()

    def _take_added(self) -> None:
        self.waiting.extend(range(self.taken, len(self.tasks)))
        self.taken = len(self.tasks)

    def _take_news(self) -> None:
        """Wait a moment for news, and pass them on."""
        readers = [slot.reader for slot, _ in self.busy.values() if slot.reader is not None]
        if readers:
            wait(readers, timeout=POLL_S)
        else:
            time.sleep(POLL_S)
        for slot, _ in self.busy.values():
            slot.drain(self.listener)

    def _ended(self, future: Future[TrialResult], slot: _Slot, index: int) -> None:
        error = future.exception()
        if error is None:
            self.listener.finished(index, future.result())
        elif isinstance(error, BrokenProcessPool):
            slot.bury()
            self._died(index)
        elif isinstance(error, WorkbenchError):
            if isinstance(error, MemoryRanOutError):
                slot.bury()  # what failed in the middle, such as an import, cannot be repeated
            if not isinstance(error, StoppedByUserError):
                self.listener.failed(index, error)
        else:
            raise error

    def _died(self, index: int) -> None:
        self.deaths[index] = self.deaths.get(index, 0) + 1
        if self.deaths[index] < MOST_DEATHS:
            self.listener.news(index, Lost())
            self.waiting.appendleft(index)
            return
        self.listener.failed(
            index,
            WorkerLostError(
                f"its worker process died {MOST_DEATHS} times, perhaps because memory ran out: "
                "fewer --workers need less"
            ),
        )


class _Reporter:
    """A worker's end of the pipe. Every report is also the place where a stop takes effect."""

    def __init__(self, stop: Event, writer: "Connection[tuple[int, Message], object]") -> None:
        self.stop = stop
        self.writer = writer
        self.index: int | None = None
        self.terminated = False

    def send(self, message: Message) -> None:
        assert self.index is not None
        self.writer.send((self.index, message))
        if self.terminated or self.stop.is_set():
            raise StoppedByUserError("stopped")

    def terminate(self, _number: int, _frame: FrameType | None) -> None:
        """SIGTERM: a worker at work writes its checkpoint first."""
        self.terminated = True
        if self.index is None:
            os._exit(1)

    def progress(self, done: int, total: int, what: str) -> None:
        self.send(Advance(done, total, what))

    def waiting(self) -> None:
        self.send(Waits())

    def notice(self, text: str) -> None:
        """Pass a warning on; no place for a stop, as files may be open."""
        assert self.index is not None
        self.writer.send((self.index, Notice(text)))


_REPORTERS: list[_Reporter] = []
"""The worker's one reporter: a pool's initializer has no other way to hand over a pipe."""


def _start_worker(
    driver: int, stop: Event, writer: "Connection[tuple[int, Message], object]"
) -> None:
    die_with_parent(driver)
    reporter = _Reporter(stop, writer)
    _REPORTERS.append(reporter)
    # Ctrl-C reaches the whole process group; the driver alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, reporter.terminate)


def _run_one(index: int, task: Task, store: Path) -> TrialResult:
    reporter = _REPORTERS[0]
    reporter.index = index
    try:
        from workbench.trial.images import open_images
        from workbench.trial.run import run_trial  # torch is imported by workers only

        with forwarded(reporter.notice):
            return run_trial(
                task.config,
                store=store,
                # The driver has checked them.
                images=open_images(task.config, Ledger(store), check=False),
                until=task.until,
                on_validation=reporter.send,
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
        reporter.index = None
