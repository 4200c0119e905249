"""What the process of a trial uses while it trains: CPU time and memory, now and then.

A process that runs several trials in lanes uses it for all of them together.
"""

import time

import psutil

from workbench.provenance import Usage
from workbench.system.progress import Progress

_FIRST_EVERY_S = 1.0
MOST_SAMPLES = 120
"""Of a trial; beyond, every other one is dropped and the pace is halved."""


class UsageSampler:
    """Takes a sample at the start, while steps are done, and at the end."""

    def __init__(self) -> None:
        self._samples = [usage_now()]
        self._every_s = _FIRST_EVERY_S

    def watching(self, progress: Progress) -> Progress:
        """Return the same progress, which also takes a sample when one is due."""

        def advance(done: int, total: int, what: str, /) -> None:
            if time.time() - self._samples[-1].time_s >= self._every_s:
                self._add()
            progress(done, total, what)

        return advance

    def end(self) -> tuple[Usage, ...]:
        """Take the last sample and return all."""
        self._add()
        return tuple(self._samples)

    def _add(self) -> None:
        self._samples.append(usage_now())
        if len(self._samples) > MOST_SAMPLES:
            self._samples = self._samples[::2]
            self._every_s *= 2


def usage_now() -> Usage:
    """Return what this process has used so far."""
    memory_bytes = psutil.Process().memory_info().rss
    return Usage(time_s=time.time(), cpu_s=time.process_time(), memory_bytes=memory_bytes)
