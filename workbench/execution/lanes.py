"""The executor of lanes: one process for each GPU runs several trials at a time, in threads.

A lane is a thread that runs one trial as any worker does; see `lane_worker.py`. On a CPU there is
one process. What one trial does to its process may hit its neighbours, so deaths and memory that
runs out are answered by fewer lanes until the trial is found.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait
from pathlib import Path

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import Notice, TrialEmit, TrialFailed, TrialFinished, WorkerDied
from workbench.execution.executor import MemoryRanOutError, Task, WorkerLostError
from workbench.execution.lane_count import LaneCount
from workbench.execution.lane_messages import Bug, DeviceMemory, Ended, Message, Reported
from workbench.execution.lane_process import Lane, LaneProcess
from workbench.execution.processes import MAX_DEATHS
from workbench.results import TrialResult, TrialState
from workbench.system.digests import say
from workbench.system.stopping import signals_set

POLL_S = 0.1
SIGNAL_S = 0.2
"""How long a process that died waits for the signal that may have ended it, to come here, too."""


class LanesExecutor:
    """Runs trials in lanes, whose processes are kept from one `run` to the next.

    Trials that need other settings of their process, which are the device and the number of CPU
    threads, wait until a process has no other trial.

    Args:
        store: The store that holds the ledger.
        counts: Number of lanes of each process.
        gpus: What each process sees as its GPU, in the form of CUDA_VISIBLE_DEVICES; empty for one
            process that sees what this one does.
    """

    def __init__(self, store: Path, counts: Sequence[LaneCount], gpus: Sequence[str] = ()) -> None:
        self._stop = threading.Event()
        seen = gpus or [""] * len(counts)
        self._processes = [
            LaneProcess(store, count, gpu) for count, gpu in zip(counts, seen, strict=False)
        ]
        self._tickets = itertools.count(1)
        """Shared by all runs, so that a late message of one is none of the next."""

    def __enter__(self) -> "LanesExecutor":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.shutdown()

    def run(self, tasks: Sequence[Task], emit: TrialEmit, /) -> None:
        """Run trials; see `Executor`."""
        with signals_set(self._stop):
            try:
                _Dispatch(tasks, self._processes, emit, self._tickets).run(self._stop)
            except BaseException:
                self._stop.set()  # no driver listens; workers must not train for hours
                for process in self._processes:
                    process.stop()
                raise
        if self._stop.is_set():
            raise StoppedByUserError("stopped; rerun the same command to resume")


class _Dispatch:
    """Hands out the tasks of one `run`, one by one, to the processes that have room."""

    def __init__(
        self,
        tasks: Sequence[Task],
        processes: Sequence[LaneProcess],
        emit: TrialEmit,
        tickets: "itertools.count[int]",
    ) -> None:
        self._tasks, self._processes, self._emit = tasks, processes, emit
        self._tickets = tickets
        self._waiting: deque[Task] = deque()
        self._seen = 0
        """How many of the tasks have been taken from the sequence, which may grow."""
        self._deaths: dict[int, int] = {}
        """How often a process died while it ran this trial alone, by the task's id."""
        self._most_before: dict[int, int | None] = {}
        """Lanes for which memory sufficed before this trial ran out of it, by the task's id."""

    def run(self, stop: threading.Event) -> None:
        """Return when every trial has ended, or a stop has ended those that run."""
        self._take_added()
        was_told = False
        while self._is_running() or (self._has_waiting() and not stop.is_set()):
            if not stop.is_set():
                self._start_trials()
            elif not was_told:
                was_told = True
                for process in self._processes:
                    process.stop()
            self._take_messages(stop)
            self._take_added()

    def _is_running(self) -> bool:
        return any(process.lanes for process in self._processes)

    def _has_waiting(self) -> bool:
        return bool(self._waiting) or any(process.resumed for process in self._processes)

    def _take_added(self) -> None:
        added = self._tasks[self._seen :]
        self._waiting.extend(added)
        self._seen += len(added)

    def _start_trials(self) -> None:
        """Start trials in the process that has the fewest, until none has room for the next."""
        while True:
            chosen = min(
                (process for process in self._processes if self._next_queue(process)),
                key=lambda process: len(process.lanes),
                default=None,
            )
            if chosen is None:
                return
            chosen.start(next(self._tickets), self._next_queue(chosen).popleft())

    def _next_queue(self, process: LaneProcess) -> deque[Task]:
        """Return from where a process may start the next trial now; empty if it may start none.

        Trials with which a process has died run without others until each has ended.
        """
        queue = process.resumed if process.suspects else self._waiting
        return queue if queue and process.has_room and process.fits(queue[0]) else deque()

    def _take_messages(self, stop: threading.Event) -> None:
        """Wait a moment for messages, and act on them."""
        started = [one for one in self._processes if one.is_started]
        pipes = [one.pipe for one in started if one.pipe is not None]
        if pipes:
            wait(pipes, timeout=POLL_S)
        else:
            time.sleep(POLL_S)
        for process in started:
            is_dead = not process.is_alive()  # asked first: all that it sent is then in the pipe
            for message in process.messages():
                self._act(process, message)
            self._observe(process)
            if is_dead:
                self._end_dead(process, stop)
            elif process.is_retiring and not process.lanes:
                process.shutdown()

    def _observe(self, process: LaneProcess) -> None:
        stepping = sum(lane.done is not None for lane in process.lanes.values())
        is_waiting = bool(self._waiting) and not process.suspects
        process.count.observe(time.monotonic(), process.steps, stepping, waiting=is_waiting)

    def _act(self, process: LaneProcess, message: Message) -> None:
        match message:
            case Notice(text):
                say(text)
            case DeviceMemory(free_bytes, lane_bytes):
                process.count.observe_memory(free_bytes, lane_bytes, len(process.lanes))
            case Reported(ticket, report) if ticket in process.lanes:
                process.note_steps(ticket, report)
                self._emit(report)
            case Ended(ticket, ending) if ticket in process.lanes:
                self._end(process, process.lanes.pop(ticket), ending)

    def _end(
        self, process: LaneProcess, lane: Lane, ending: TrialResult | WorkbenchError | Bug
    ) -> None:
        task = lane.task
        if isinstance(ending, Bug):
            raise RuntimeError(f"{task.arm} seed {task.seed}: {ending.traceback}")
        if isinstance(ending, MemoryRanOutError):
            # What failed half-way, such as an import, cannot be repeated in that process.
            process.is_retiring = True
        if isinstance(ending, StoppedByUserError):
            return
        if _ran_out(ending) and self._put_back(process, lane):
            return
        self._forgive(process, task)
        if isinstance(ending, WorkbenchError):
            self._emit(TrialFailed(task.arm, task.seed, ending))
        else:
            self._emit(TrialFinished(task.arm, task.seed, ending))

    def _put_back(self, process: LaneProcess, lane: Lane) -> bool:
        """Let a trial that ran out of memory beside others wait, and lower the number of lanes.

        Returns:
            False if it ran alone: the memory does not suffice for it, and the number of lanes is
            again as it was before it ran.
        """
        task, count = lane.task, process.count
        if lane.beside == 1:
            if id(task) in self._most_before:
                count.most_in_memory = self._most_before.pop(id(task))
            return False
        self._most_before.setdefault(id(task), count.most_in_memory)
        count.lower_for_memory(lane.beside)
        self._waiting.appendleft(task)
        process.suspects.discard(id(task))
        say(
            f"{task.arm} seed {task.seed}: out of memory beside {lane.beside - 1} other trials; "
            f"it runs again later, with at most {count.now} at a time"
        )
        return True

    def _forgive(self, process: LaneProcess, task: Task) -> None:
        """Note that a trial has ended; without others that a process died with, all lanes run."""
        self._most_before.pop(id(task), None)
        process.suspects.discard(id(task))
        if not process.suspects:
            process.count.end_isolation()

    def _end_dead(self, process: LaneProcess, stop: threading.Event) -> None:
        """Let the trials of a process that died be resumed in the next one."""
        tasks = [lane.task for lane in process.lanes.values()]
        process.lanes.clear()
        process.forget_process()
        # SIGTERM to all processes of a job ends it, too, perhaps before this one gets the signal.
        if not tasks or _is_set_soon(stop):
            return
        process.suspects.update(map(id, tasks))
        process.count.lower_after_death(len(tasks))
        if len(tasks) == 1 and self._has_failed(tasks[0]):
            self._forgive(process, tasks[0])
            lost = WorkerLostError(
                f"its worker process died {MAX_DEATHS} times while it ran no other trial, perhaps "
                "because memory ran out"
            )
            self._emit(TrialFailed(tasks[0].arm, tasks[0].seed, lost))
            return
        process.resumed.extendleft(reversed(tasks))
        for task in tasks:
            self._emit(WorkerDied(task.arm, task.seed))

    def _has_failed(self, task: Task) -> bool:
        """Count a death that only this trial can have caused; return whether it was the last."""
        deaths = self._deaths[id(task)] = self._deaths.get(id(task), 0) + 1
        return deaths >= MAX_DEATHS


def _is_set_soon(stop: threading.Event) -> bool:
    """Return whether a request to stop is there, or comes within `SIGNAL_S`.

    It is not `Event.wait`, whose lock the handler of a signal could wait for in vain.
    """
    until = time.monotonic() + SIGNAL_S
    while not stop.is_set() and time.monotonic() < until:
        time.sleep(SIGNAL_S / 20)
    return stop.is_set()


def _ran_out(ending: TrialResult | WorkbenchError) -> bool:
    """Return whether a trial has ended because memory ran out, in training or outside of it."""
    if isinstance(ending, WorkbenchError):
        return isinstance(ending, MemoryRanOutError)
    return ending.state is TrialState.OUT_OF_MEMORY
