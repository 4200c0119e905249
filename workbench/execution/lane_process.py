"""The driver's side of one process of lanes: its pipe, its trials, and which may start in it."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from workbench.execution.events import TrialProgressed
from workbench.execution.executor import Task
from workbench.execution.lane_count import LaneCount
from workbench.execution.lane_messages import (
    EndProcess,
    Message,
    Request,
    RunTrial,
    StopTrials,
)
from workbench.execution.lane_worker import run_lanes
from workbench.system.process import without_main_module
from workbench.system.stopping import children_spared

_POLL_S = 0.05


@dataclass
class Lane:
    """A trial that runs, or is about to."""

    task: Task
    beside: int = 1
    """Most trials that have run at a time since this one started, which is one of them."""
    done: int | None = None
    """Training steps as of its last report."""


class LaneProcess:
    """A process that runs several trials; it is started when there is one, and after a death.

    Args:
        store: The store that holds the ledger.
        count: How many trials may run at a time.
        gpu: The GPU that the process sees, in the form of CUDA_VISIBLE_DEVICES; empty for all.
    """

    def __init__(self, store: Path, count: LaneCount, gpu: str) -> None:
        self._store, self._gpu = store, gpu
        self.count = count
        self.lanes: dict[int, Lane] = {}
        """By ticket."""
        self.resumed: deque[Task] = deque()
        """Trials that a process died with, and that wait to be resumed in the next one."""
        self.suspects: set[int] = set()
        """All of these that have not ended since, by id: one of them may have killed it."""
        self.steps = 0
        """Training steps that all trials have done."""
        self.is_retiring = False
        """Whether the process ends when its last trial has, as memory ran out in it."""
        self.process: SpawnProcess | None = None
        self.pipe: Connection[Request, Message] | None = None

    @property
    def has_room(self) -> bool:
        """Whether another trial may start."""
        return len(self.lanes) < self.count.now and not self.is_retiring

    def fits(self, task: Task) -> bool:
        """Return whether a trial needs the settings of the process that those in it need."""
        wanted = task.process_settings
        return all(lane.task.process_settings == wanted for lane in self.lanes.values())

    def start(self, ticket: int, task: Task) -> None:
        """Hand a trial to the process, which is started if there is none."""
        if not self.lanes and not self.is_alive():  # there is none, or it was killed while idle
            self.forget_process()
            self._start_process()
        self.lanes[ticket] = Lane(task)
        for lane in self.lanes.values():
            lane.beside = max(lane.beside, len(self.lanes))
        self._send(RunTrial(ticket, task))

    def note_steps(self, ticket: int, report: object) -> None:
        """Count the training steps that a report tells of."""
        if isinstance(report, TrialProgressed):
            lane = self.lanes[ticket]
            self.steps += report.done - (report.done if lane.done is None else lane.done)
            lane.done = report.done

    def messages(self) -> Iterator[Message]:
        """Yield what has come from the process."""
        try:
            while self.pipe is not None and self.pipe.poll():
                yield self.pipe.recv()
        except (EOFError, OSError):  # it died
            self._close()

    @property
    def is_started(self) -> bool:
        """Whether there is a process, alive or dead."""
        return self.process is not None

    def is_alive(self) -> bool:
        """Return whether the process runs; what one that died has sent may be in the pipe yet."""
        return self.process is not None and self.process.is_alive()

    def stop(self) -> None:
        """Let all trials write their checkpoints and stop."""
        self._send(StopTrials())

    def shutdown(self) -> None:
        """End the process when its trials have ended; it may be dead already."""
        self._send(EndProcess())
        while self.process is not None and self.is_alive():
            for _ in self.messages():  # no one listens, but a full pipe would keep it from ending
                pass
            self.process.join(_POLL_S)
        self.forget_process()

    def forget_process(self) -> None:
        """Note that the process has ended; the next trial starts another one."""
        self.process, self.is_retiring = None, False
        self._close()

    def _start_process(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other_end = context.Pipe()
        arguments = (os.getpid(), other_end, self._store, self._gpu)
        self.process = context.Process(target=run_lanes, args=arguments, daemon=True)
        with without_main_module(), children_spared():
            self.process.start()
        other_end.close()  # the process has its own; that one's end is then the end of the pipe

    def _send(self, request: Request) -> None:
        try:
            if self.pipe is not None:
                self.pipe.send(request)
        except OSError:  # it died, which `is_dead` will say
            pass

    def _close(self) -> None:
        if self.pipe is not None:
            self.pipe.close()
        self.pipe = None
