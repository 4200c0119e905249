"""How long a command with many trials will still take."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Pace:
    """Trials a second since this command began, parts of trials included.

    A bar's own rate would be of no use here: it looks back half a minute, and a trial takes longer.
    """

    now_s: Callable[[], float] = time.monotonic
    before: float = 0.0
    """Trials, and parts, that were done already; they took this command no time."""
    begun_s: float | None = None

    def begin(self, before: float) -> None:
        """Note that a trial begins or goes on.

        Args:
            before: The part of it that is done already, in 0..1.
        """
        self.before += before
        if self.begun_s is None:
            self.begun_s = self.now_s()

    def left_s(self, done: float, total: float) -> float | None:
        """Return how many seconds are left, None if nothing has been done yet."""
        here = done - self.before
        if self.begun_s is None or here <= 0:
            return None
        return max(0.0, total - done) * (self.now_s() - self.begun_s) / here


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, after an hour as hours, too."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
