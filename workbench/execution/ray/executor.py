"""The executor for Ray: Ray Tune runs the trials, on this machine or on a cluster.

Tune decides where and when a trial runs, and notices when its process or its node is lost. With
lanes, the actors of `lane_pool.py` take its place.
What is tried, what is compared at the rungs and what is finished is decided by the search and its
ledger, as with the other executors; so all propose the same.
"""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import (
    Notice,
    TrialEmit,
    TrialEvent,
    TrialFailed,
    TrialFinished,
    WorkerDied,
)
from workbench.execution.executor import Task, WorkerLostError
from workbench.execution.ray.connection import Connection, connected, error_text
from workbench.execution.ray.feed import Feed
from workbench.execution.ray.home import Bug, Failure, Outcome, Stopped
from workbench.execution.ray.lane_pool import pool_of_lanes
from workbench.execution.ray.node import Shipped
from workbench.execution.ray.tuning import PATIENCE_S, Resources, tuning
from workbench.results import TrialResult
from workbench.store.sources import sources_of
from workbench.system.digests import say
from workbench.system.stopping import signals_set
from workbench.trial.images import packed_images

POLL_S = 0.1
MAX_LOSSES = 3
"""A trial whose process or node is lost is started again this often."""
_RESUME = "finished trials are kept; rerun the same command to resume"


class RayExecutor:
    """Runs trials with Ray Tune.

    Args:
        store: The store that holds the ledger, on this node.
        count: Trials at a time; None for as many as the cluster holds.
        address: HOST:PORT of a cluster's head; None starts Ray on this machine, on 127.0.0.1 only.
        resources: Of one trial; with lanes its GPUs are those of one actor.
        lanes: Trials at a time in each actor of lanes; None for Ray Tune.
    """

    def __init__(
        self,
        store: Path,
        count: int | None,
        address: str | None,
        resources: Resources,
        lanes: int | None = None,
    ) -> None:
        self._store = store.absolute()
        self._count, self._address, self._resources = count, address, resources
        self._lanes = lanes
        self._stop = threading.Event()
        self._feed = Feed()
        self._tickets = itertools.count(1)
        """Shared by all runs, so that a late report of one is none of the next."""

    def __enter__(self) -> "RayExecutor":
        cpus = max(1, round((self._count or 1) * self._resources.cpus))
        with ExitStack() as stack:
            self._connection: Connection = stack.enter_context(
                connected(self._store, self._address, cpus)
            )
            stack.enter_context(self._running())
            self._opened = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _running(self) -> AbstractContextManager[None]:
        """Return what runs the trials of the feed."""
        if self._lanes is None:
            return tuning(self._feed, self._connection, self._count, self._resources)
        return pool_of_lanes(self._feed, self._connection, self._lanes, self._resources)

    def run(self, tasks: Sequence[Task], emit: TrialEmit, /) -> None:
        """Run trials; see `Executor`."""
        with signals_set(self._stop):
            run = _Run(self._connection, self._feed, self._store, emit, self._tickets)
            try:
                run.until_all_ended(tasks, self._stop)
            except BaseException:
                self._stop.set()  # a later run stops at once
                raise
        if self._stop.is_set():
            raise StoppedByUserError("stopped; rerun the same command to resume")


@dataclass
class _Attempt:
    """A trial that was handed to Tune."""

    task: Task
    losses: int = 0
    """How often its process or node was lost before."""


class _Run:
    """One `run` of the executor: hands the tasks to Tune's thread and passes on what happens."""

    def __init__(
        self,
        connection: Connection,
        feed: Feed,
        store: Path,
        emit: TrialEmit,
        tickets: Iterator[int],
    ) -> None:
        self._ray, self._server = connection.ray, connection.server
        self._feed, self._store, self._emit, self._tickets = feed, store, emit, tickets
        self._open: dict[int, _Attempt] = {}
        """By ticket."""
        self._seen = 0
        """How many of the tasks have been taken from the sequence, which may grow."""

    def until_all_ended(self, tasks: Sequence[Task], stop: threading.Event) -> None:
        """Return when every trial has ended, or a stop has ended those that run."""
        self._take_added(tasks)
        try:
            while self._open and not stop.is_set():
                self._take_events(stop)
                self._take_added(tasks)
        except BaseException:
            with suppress(Exception):  # if Ray is lost, its trials are, too
                self._stop_trials()  # no driver listens; workers must not train for hours
            raise
        if stop.is_set():
            self._stop_trials()
            end_s = time.monotonic() + PATIENCE_S
            while self._open and time.monotonic() < end_s:
                self._take_events(stop)

    def _stop_trials(self) -> None:
        self._ray.get(self._server.stop.remote())
        self._open = {t: one for t, one in self._open.items() if not self._feed.take_back(t)}

    def _take_added(self, tasks: Sequence[Task]) -> None:
        added = tasks[self._seen :]
        self._seen += len(added)
        for task in added:
            self._ship(task, losses=0)

    def _ship(self, task: Task, losses: int) -> None:
        ticket = next(self._tickets)
        self._open[ticket] = _Attempt(task, losses)
        images, sources = packed_images(task.config), sources_of(task.config.model)
        self._feed.put(Shipped(ticket, task, images, self._store, sources))

    def _take_events(self, stop: threading.Event) -> None:
        """Wait a moment, then pass on what has happened."""
        time.sleep(POLL_S)
        try:
            events = self._ray.get(self._server.take_events.remote())
        except self._ray.exceptions.RayError as error:
            raise WorkbenchError(f"Ray is lost ({error_text(error)}); {_RESUME}") from None
        for ticket, what in events:
            if isinstance(what, Notice):
                say(what.text)
            elif ticket in self._open:
                self._pass_on(ticket, what)
        for ticket, was_alone in self._feed.lost():  # their own last reports have come before
            if ticket in self._open:
                self._start_again(ticket, stop, was_alone=was_alone)
        if self._feed.error is not None:
            raise WorkbenchError(f"Ray Tune has stopped: {self._feed.error}; {_RESUME}")

    def _pass_on(self, ticket: int, what: TrialEvent | Outcome) -> None:
        task = self._open[ticket].task
        if isinstance(what, TrialResult):
            del self._open[ticket]
            self._emit(TrialFinished(task.arm, task.seed, what))
        elif isinstance(what, Failure):
            del self._open[ticket]
            self._emit(TrialFailed(task.arm, task.seed, WorkbenchError(what.text)))
        elif isinstance(what, Stopped):
            del self._open[ticket]
        elif isinstance(what, Bug):
            raise RuntimeError(f"{task.arm} seed {task.seed}: {what.traceback}")
        else:
            self._emit(what)

    def _start_again(self, lost: int, stop: threading.Event, *, was_alone: bool) -> None:
        """Hand a lost trial out under a new ticket, unless it was lost too often or at a stop.

        Tune's own retries are not used: it counts one death twice, and drops the trial then.
        """
        attempt = self._open.pop(lost)
        task, losses = attempt.task, attempt.losses + was_alone
        if stop.is_set():
            return
        if losses > MAX_LOSSES:
            text = (
                f"its process or its node was lost {losses} times, perhaps because memory ran out"
            )
            self._emit(TrialFailed(task.arm, task.seed, WorkerLostError(text)))
            return
        self._ship(task, losses)
        self._emit(WorkerDied(task.arm, task.seed))
