"""The queue between the driver and the thread of Tune, or of the lanes."""

import queue
import threading
from contextlib import suppress

from workbench.execution.ray.node import Shipped


class Feed:
    """Hands trials to that thread, and takes back those that it has lost."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Shipped] = queue.SimpleQueue()
        self._taken_back: set[int] = set()
        self._started: set[int] = set()
        self._lost: queue.SimpleQueue[tuple[int, bool]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.closed = False
        self.error: str | None = None

    def __reduce__(self) -> tuple[type["Feed"], tuple[()]]:
        """Pickle as an empty one: Tune saves its state, which no one reads."""
        return Feed, ()

    def put(self, shipped: Shipped) -> None:
        """Add a trial."""
        self._waiting.put(shipped)

    def close(self) -> None:
        """Let Tune end when it wants the next trial."""
        self.closed = True

    def take_back(self, ticket: int) -> bool:
        """Keep a trial from starting; return whether that is still possible."""
        with self._lock:
            self._taken_back.add(ticket)
            return ticket not in self._started

    def next(self) -> Shipped | None:
        """Return the next trial, None if there is none now."""
        while True:
            try:
                shipped = self._waiting.get_nowait()
            except queue.Empty:
                return None
            with self._lock:
                if shipped.ticket not in self._taken_back:
                    self._started.add(shipped.ticket)
                    return shipped

    def put_back(self, shipped: Shipped) -> None:
        """Add a trial again that has started and has been put off."""
        with self._lock:
            self._started.discard(shipped.ticket)
        self._waiting.put(shipped)

    def add_lost(self, ticket: int, *, was_alone: bool = True) -> None:
        """Note that the process or the node of a trial was lost.

        Args:
            ticket: Of the trial.
            was_alone: Whether the process ran no other trial, which may have been the reason.
        """
        self._lost.put((ticket, was_alone))

    def lost(self) -> list[tuple[int, bool]]:
        """Return (ticket, whether it was alone) of those lost since the last call."""
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._lost.get_nowait())
        return found
