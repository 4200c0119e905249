"""A process of `lanes.py`: it runs several trials at a time, each in a thread of its own.

Trials of one process share its settings: the device and the number of CPU threads. PyTorch's
operations and the replays of CUDA graphs release Python's lock, so the threads run side by side.
"""

import os
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from workbench.errors import StoppedByUserError, WorkbenchError
from workbench.execution.events import Notice, Report
from workbench.execution.lane_count import MOST_LANES
from workbench.execution.lane_messages import (
    Bug,
    DeviceMemory,
    Ended,
    EndProcess,
    Message,
    Reported,
    Request,
    RunTrial,
    StopTrials,
)
from workbench.execution.worker_trial import TrialReporter, run_reported
from workbench.results import TrialResult
from workbench.system.digests import forwarded
from workbench.system.process import die_with_parent, exit_without_collection

_MEMORY_EVERY_S = 2.0


def run_lanes(driver: int, pipe: "Connection[Message, Request]", store: Path, gpu: str) -> None:
    """Run the trials that come through a pipe until the driver ends this process.

    Args:
        driver: Process id of the driver; this process ends with it.
        pipe: Brings requests, takes messages.
        store: The store that holds the ledger.
        gpu: What this process sees as its only GPU, in the form of CUDA_VISIBLE_DEVICES; empty for
            all that there are.
    """
    die_with_parent(driver)
    exit_without_collection()
    sys.stdout = sys.stderr  # the driver's may be what a program reads; users' code may print
    if gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    # With several streams cuBLAS is deterministic only if each has a workspace of fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    lanes = _Lanes(pipe, store)
    # Ctrl-C reaches the whole process group; the driver alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lanes.terminate)
    with forwarded(lambda text: lanes.send(Notice(text))):
        lanes.serve()


class _Lanes:
    """The trials of this process, and its end of the pipe."""

    def __init__(self, pipe: "Connection[Message, Request]", store: Path) -> None:
        self._pipe, self._store = pipe, store
        self._writing = threading.Lock()
        self._running: set[int] = set()
        """Tickets; changed without a lock, which the handler of a signal could not wait for."""
        self._stopping = False
        self._terminated = False
        self._most = 1
        """Trials at a time so far."""
        self._memory_s = 0.0

    def serve(self) -> None:
        """Start trials as they come; return when the driver wants no more and all have ended."""
        with ThreadPoolExecutor(MOST_LANES, "lane") as threads:
            while not isinstance(request := self._next(), EndProcess):
                if isinstance(request, StopTrials):
                    self._stopping = True
                elif not self._terminated:
                    self._running.add(request.ticket)
                    self._most = max(self._most, len(self._running))
                    threads.submit(self._run, request)

    def terminate(self, _number: int, _frame: FrameType | None) -> None:
        """Handle SIGTERM: the trials that run write their checkpoints first."""
        self._terminated = True
        self._exit_if_terminated()

    def send(self, message: Message) -> None:
        """Send a message; lanes do so one at a time."""
        with self._writing:
            self._pipe.send(message)

    def _next(self) -> Request:
        try:
            return self._pipe.recv()
        except (EOFError, OSError):  # no driver listens
            os._exit(1)

    def _run(self, request: RunTrial) -> None:
        ending = self._ending(request)
        if not (self._terminated and isinstance(ending, StoppedByUserError)):
            try:
                self.send(Ended(request.ticket, ending))
            except Exception:  # noqa: BLE001 (an error that cannot be sent; the driver must know)
                self.send(Ended(request.ticket, Bug(traceback.format_exc())))
        self._running.discard(request.ticket)
        self._exit_if_terminated()

    def _ending(self, request: RunTrial) -> TrialResult | WorkbenchError | Bug:
        def is_stopping() -> bool:
            return self._stopping or self._terminated

        send = partial(self._report, request.ticket)
        try:
            return run_reported(
                request.task, self._store, TrialReporter(request.task, send, is_stopping)
            )
        except WorkbenchError as error:
            return error
        except BaseException:  # noqa: BLE001 (the driver raises it)
            return Bug(traceback.format_exc())

    def _report(self, ticket: int, report: Report) -> None:
        if not isinstance(report, Notice):
            self.send(Reported(ticket, report))
        self._report_memory()

    def _report_memory(self) -> None:
        """Now and then, tell how much of a GPU is used."""
        if "torch" not in sys.modules or time.monotonic() - self._memory_s < _MEMORY_EVERY_S:
            return
        self._memory_s = time.monotonic()
        memory = _device_memory(self._most)
        if memory is not None:
            self.send(memory)

    def _exit_if_terminated(self) -> None:
        """End as if killed, but with the last steps on the disk, when the last trial has ended."""
        if self._terminated and not self._running:
            os._exit(1)


def _device_memory(lanes: int) -> DeviceMemory | None:
    """Return the memory of the device, None before CUDA is used.

    PyTorch keeps what lanes have freed, so a lane's part of it is about the most that one took.

    Args:
        lanes: Most trials at a time so far.
    """
    import torch

    if not torch.cuda.is_initialized():
        return None
    free_bytes, _ = torch.cuda.mem_get_info()
    return DeviceMemory(free_bytes, torch.cuda.memory_reserved() // lanes)
