"""What the driver hands to Tune's thread, and what that gives up."""

import queue
import threading
from contextlib import suppress

from workbench.execution.ray.node import Shipped


class Feed:
    """Hands trials to Tune's thread."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Shipped] = queue.SimpleQueue()
        self._taken_back: set[int] = set()
        self._begun: set[int] = set()
        self._lost: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.closed = False
        self.error: str | None = None

    def __reduce__(self) -> tuple[type["Feed"], tuple[()]]:
        """Pickle as an empty one: Tune saves its state, which nobody reads."""
        return Feed, ()

    def put(self, shipped: Shipped) -> None:
        """Add a trial."""
        self._waiting.put(shipped)

    def close(self) -> None:
        """Let Tune end when it asks next."""
        self.closed = True

    def take_back(self, ticket: int) -> bool:
        """Keep a trial from beginning; return whether that is still possible."""
        with self._lock:
            self._taken_back.add(ticket)
            return ticket not in self._begun

    def next(self) -> Shipped | None:
        """Return the next trial, None if there is none now."""
        while True:
            try:
                shipped = self._waiting.get_nowait()
            except queue.Empty:
                return None
            with self._lock:
                if shipped.ticket not in self._taken_back:
                    self._begun.add(shipped.ticket)
                    return shipped

    def give_up(self, ticket: int) -> None:
        """Note that Tune will not begin a trial again."""
        self._lost.put(ticket)

    def lost(self) -> list[int]:
        """Return the trials that Tune has given up since the last call."""
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._lost.get_nowait())
        return found
