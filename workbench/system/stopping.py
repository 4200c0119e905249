"""Requests to stop, so that checkpoints are written first: Ctrl-C, SIGTERM, SIGUSR1, time limits.

While trials run, a request is passed to their workers (`signals_set`). At any other moment SIGTERM
and SIGUSR1 raise `StopRequested`, so that a command cleans up as it does for Ctrl-C. Why a command
has stopped is noted in its `StopRequest`.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

Handler = Callable[[int, FrameType | None], None]


class Stop(Protocol):
    """An event of threads or of processes."""

    def set(self) -> None:
        """Ask for the stop."""


class StopRequested(BaseException):
    """SIGTERM, SIGUSR1 or a time limit while no trial runs. The text is the reason.

    Like KeyboardInterrupt it is no `Exception`, so that nothing handles it by mistake.
    """


@dataclass
class StopRequest:
    """Whether and why the program was asked to stop, other than by Ctrl-C."""

    reason: str = ""
    """`SIGTERM`, `SIGUSR1` or the time limit; empty without a request."""
    delivered: bool = False
    """Whether the trials that run were stopped, or `StopRequested` was raised."""
    stops: list[Stop] = field(default_factory=list)
    """What stops the trials that run now."""
    takes_signals: bool = False
    """Whether it is that of the main thread, where Python handles signals."""

    def note(self, reason: str) -> None:
        """Keep the first reason."""
        self.reason = self.reason or reason

    def make(self, reason: str) -> None:
        """Stop what the program does, from any thread.

        Args:
            reason: What users read after `stopped by`.
        """
        self.note(reason)
        if self.stops:
            self.delivered = True
            for stop in self.stops:
                stop.set()
        elif self.takes_signals:
            os.kill(os.getpid(), signal.SIGUSR1)


_ACTIVE: ContextVar[StopRequest | None] = ContextVar("active", default=None)


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Let SIGTERM and SIGUSR1 raise `StopRequested` inside the block.

    A repeated SIGUSR1 is ignored: schedulers send it to a whole process group, and scripts pass it
    on. A block inside another one has the same request. Outside of the main thread signals are
    left alone.
    """
    outer = _ACTIVE.get()
    if outer is not None:
        yield outer
        return
    request = StopRequest(takes_signals=_in_main_thread())

    def raise_once(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGUSR1 and request.delivered:
            return
        request.note(signal.Signals(number).name)
        request.delivered = True
        raise StopRequested(request.reason)

    token = _ACTIVE.set(request)
    try:
        with _handled({signal.SIGTERM: raise_once, signal.SIGUSR1: raise_once}):
            yield request
    finally:
        _ACTIVE.reset(token)


@contextmanager
def signals_set(stop: Stop) -> Iterator[None]:
    """Turn SIGINT, SIGTERM, SIGUSR1 and the time limit into a request to stop.

    A second SIGINT or SIGTERM acts as usual; a second SIGUSR1 is ignored.
    """
    request = _ACTIVE.get() or StopRequest()
    if request.reason:  # it came between two runs
        stop.set()
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def set_stop(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            request.note(signal.Signals(number).name)
            request.delivered = True
        stop.set()
        for other, handler in usual.items():
            signal.signal(other, handler)

    request.stops.append(stop)
    try:
        with _handled(dict.fromkeys((*usual, signal.SIGUSR1), set_stop)):
            yield
    finally:
        request.stops.remove(stop)


@contextmanager
def children_spared() -> Iterator[None]:
    """Start processes inside the block that SIGUSR1 does not end.

    A scheduler sends it to all processes of a job, and its default action is to end a process. What
    is started here inherits that the signal is blocked, from its first instruction on. One that
    comes to this process meanwhile is handled after the block.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handled(handlers: dict[signal.Signals, Handler]) -> Iterator[None]:
    """Handle signals inside the block; nothing outside of the main thread."""
    if not _in_main_thread():
        yield  # Python handles signals in the main thread only
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
