"""Many trials at once: worker processes run them, one driver listens.

Workers only run trials and report; the driver owns the terminal, the tracker and the signals.
"""

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from types import FrameType
from typing import Protocol

from workbench.config.trial import TrialConfig
from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.process import die_with_parent
from workbench.results import CurvePoint, TrialResult

POLL_S = 0.1


@dataclass(frozen=True)
class Advance:
    """A trial has done `done` of `total` steps."""

    done: int
    total: int
    what: str


@dataclass(frozen=True)
class Waits:
    """A trial waits for another process that trains the same network."""


Message = Advance | CurvePoint | Waits


class Listener(Protocol):
    """What the driver does with the news of the trials. Called in the driver only."""

    def news(self, index: int, message: Message) -> None:
        """Take a message of trial `index`."""

    def finished(self, index: int, result: TrialResult) -> None:
        """Take the result of trial `index`."""


class WorkerLostError(WorkbenchError):
    """A worker process died; usually the system took it because memory ran out."""


def run_trials(
    configs: Sequence[TrialConfig], *, store: Path, workers: int, listener: Listener
) -> None:
    """Run trials in worker processes and tell the listener what happens.

    Ctrl-C or SIGTERM lets every worker write its checkpoint and stop; trials that have not begun
    do not begin.

    Args:
        configs: The trials; their place in the sequence is their index.
        store: The store that holds the ledger.
        workers: Number of processes, at least 1.
        listener: Gets all news, in this process.

    Raises:
        StoppedByUserError: After a stop, when all checkpoints are written.
        WorkerLostError: If a worker process died.
        WorkbenchError: What a trial raised; the other trials are finished first.
    """
    context = multiprocessing.get_context("spawn")
    stop, messages = context.Event(), context.Queue()
    pool = ProcessPoolExecutor(
        max_workers=min(workers, max(1, len(configs))),
        mp_context=context,
        initializer=_start_worker,
        initargs=(os.getpid(), stop, messages),
    )
    with _signals_set(stop), pool:
        pending = {
            pool.submit(_run_one, index, config, store): index
            for index, config in enumerate(configs)
        }
        try:
            errors = list(_listen(pending, stop, messages, listener))
        except BaseException:
            stop.set()  # nobody listens any more, so the pool must not wait for hours
            for future in pending:
                future.cancel()
            raise
    if stop.is_set():
        raise StoppedByUserError("stopped; the same command goes on from here")
    if errors:
        raise errors[0]


def _listen(
    pending: Mapping[Future[TrialResult], int],
    stop: Event,
    messages: "multiprocessing.Queue[tuple[int, Message]]",
    listener: Listener,
) -> Iterator[WorkbenchError]:
    """Pass on news until every trial has ended; yield what went wrong."""
    left = dict(pending)
    while left:
        _drain(messages, listener)
        if stop.is_set():
            for future in left:
                future.cancel()  # only those that have not begun
        for future in [future for future in left if future.done()]:
            index = left.pop(future)
            _drain(messages, listener, wait=False)  # its last news come before its result
            error = _outcome(index, future, listener)
            if error is not None:
                yield error


def _outcome(index: int, future: Future[TrialResult], listener: Listener) -> WorkbenchError | None:
    if future.cancelled():
        return None
    error = future.exception()
    if error is None:
        listener.finished(index, future.result())
        return None
    if isinstance(error, StoppedByUserError):
        return None
    if isinstance(error, BrokenProcessPool):
        return WorkerLostError(
            "a worker process died, perhaps because memory ran out; finished trials are kept, "
            "use fewer --workers and run the same command again"
        )
    if isinstance(error, WorkbenchError):
        return error
    raise error


def _drain(
    messages: "multiprocessing.Queue[tuple[int, Message]]",
    listener: Listener,
    *,
    wait: bool = True,
) -> None:
    """Pass on all messages that are there; wait a moment for the first."""
    timeout = POLL_S if wait else 0.0
    while True:
        try:
            index, message = messages.get(timeout=timeout)
        except queue.Empty:
            return
        listener.news(index, message)
        timeout = 0.0


@contextmanager
def _signals_set(stop: Event) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a request to stop; a second one acts as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def request(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, request)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Reporter:
    """A worker's end of the queue. Every report is also the place where a stop takes effect."""

    def __init__(self, stop: Event, messages: "multiprocessing.Queue[tuple[int, Message]]") -> None:
        self.stop = stop
        self.messages = messages
        self.index: int | None = None
        self.terminated = False

    def send(self, message: Message) -> None:
        assert self.index is not None
        self.messages.put((self.index, message))
        if self.terminated or self.stop.is_set():
            raise StoppedByUserError("stopped")

    def terminate(self, _number: int, _frame: FrameType | None) -> None:
        """SIGTERM: the pool sends it to all workers when one of them has died."""
        self.terminated = True
        if self.index is None:
            os._exit(1)  # idle; a worker at work writes its checkpoint first

    def progress(self, done: int, total: int, what: str) -> None:
        self.send(Advance(done, total, what))

    def waiting(self) -> None:
        self.send(Waits())


_REPORTERS: list[_Reporter] = []
"""The worker's one reporter: a pool's initializer has no other way to hand over a queue."""


def _start_worker(
    driver: int, stop: Event, messages: "multiprocessing.Queue[tuple[int, Message]]"
) -> None:
    die_with_parent(driver)
    reporter = _Reporter(stop, messages)
    _REPORTERS.append(reporter)
    # Ctrl-C reaches the whole process group; the driver alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, reporter.terminate)


def _run_one(index: int, config: TrialConfig, store: Path) -> TrialResult:
    from workbench.trial import run_trial  # torch is imported by workers only

    reporter = _REPORTERS[0]
    reporter.index = index
    try:
        return run_trial(
            config,
            store=store,
            on_validation=reporter.send,
            progress=reporter.progress,
            waiting=reporter.waiting,
        )
    except StoppedByUserError:
        if reporter.terminated:
            os._exit(1)  # the pool is broken: nobody takes a result, and it waits for the end
        raise
    finally:
        reporter.index = None
