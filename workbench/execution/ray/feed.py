"""The queue between the driver and Tune's thread."""

import queue
import threading
from contextlib import suppress

from workbench.execution.ray.node import Shipped


class Feed:
    """Hands trials to Tune's thread, and takes back those that Tune has lost."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Shipped] = queue.SimpleQueue()
        self._taken_back: set[int] = set()
        self._started: set[int] = set()
        self._lost: queue.SimpleQueue[int] = queue.SimpleQueue()
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

    def add_lost(self, ticket: int) -> None:
        """Note that the process or the node of a trial was lost."""
        self._lost.put(ticket)

    def lost(self) -> list[int]:
        """Return the trials that were lost since the last call."""
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._lost.get_nowait())
        return found
