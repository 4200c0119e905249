"""How long a command with many trials will still take."""

import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

SMOOTHING = 0.25
FASTEST_S, SLOWEST_S = 5.0, 60.0
"""A new estimate takes effect over about this share of the time left, within these bounds."""

FIRST_PART, FIRST_S = 0.1, 10.0
"""The first estimate waits for such a part of a trial, or so long: the first steps are slow."""
SCORING = 0.05
"""What is left of a trial at least: after its last step it is scored."""


@dataclass
class _Trial:
    """A trial that has run in this command and is not settled."""

    first: float
    """The part of it that was done before this command, in 0..1."""
    done: float
    """The part of it that is done now."""
    spent_s: float = 0.0
    """Worker time of the sessions that have ended."""
    begun_s: float | None = None
    """When the session that runs began; None between sessions."""

    def busy_s(self, now_s: float) -> float:
        running_s = 0.0 if self.begun_s is None else now_s - self.begun_s
        return self.spent_s + running_s


@dataclass
class Pace:
    """Estimates the time left from the trials that this command has finished.

    What it measures is the worker time of a trial: from the moment at which its worker was free to
    the trial's end, so that the start of the next trial and the wait for the rest of a batch are
    part of it. A trial that is stopped early counts as one, too. Until the first trial has
    finished, the steps of those that run tell how long it will take.

    Args:
        workers: Trials at a time; None for as many as are seen.
        now_s: The clock.
    """

    workers: int | None = 1
    now_s: Callable[[], float] = time.monotonic
    _running: dict[Hashable, _Trial] = field(default_factory=dict)
    _free_s: list[float] = field(default_factory=list)
    """Since when workers that have run a trial are free."""
    _settled_s: float = 0.0
    """Worker time of the trials that have settled."""
    _settled: float = 0.0
    """How many trials that was, less the parts that were done before."""
    _finish_s: float | None = None
    """The smoothed estimate."""
    _shown_s: float = 0.0
    """When it was last shown."""

    def advance(self, trial: Hashable, done: float) -> None:
        """Note how far a trial is; the first call starts or resumes it.

        Args:
            trial: Its name, with the seed.
            done: The part of its steps that is done, in 0..1.
        """
        found = self._running.setdefault(trial, _Trial(done, done))
        if found.begun_s is None:
            found.begun_s = self._free_s.pop(0) if self._free_s else self.now_s()
        found.done = done

    def pause(self, trial: Hashable) -> None:
        """Note that a trial's worker is free, and that the trial may be resumed later."""
        found, now_s = self._running.get(trial), self.now_s()
        if found is not None and found.begun_s is not None:
            found.spent_s, found.begun_s = found.busy_s(now_s), None
            self._free_s.append(now_s)

    def settle(self, trial: Hashable) -> None:
        """Note that a trial has settled: it has ended, failed, or was stopped early."""
        self.pause(trial)
        found = self._running.pop(trial, None)
        if found is not None:
            self._settled_s += found.spent_s
            self._settled += 1 - found.first

    def left_s(self, trials: float) -> float | None:
        """Return how many seconds are left, None if nothing is known yet.

        What is returned changes smoothly: between two calls it counts down with the clock, and
        approaches a new estimate slowly.

        Args:
            trials: How many have not settled.
        """
        estimate = self._estimate_s(trials)
        if estimate is None:
            return None
        now_s = self.now_s()
        if self._finish_s is None or estimate == 0:
            self._finish_s = now_s + estimate
        else:
            over_s = min(max(SMOOTHING * estimate, FASTEST_S), SLOWEST_S)
            weight = 1 - math.exp((self._shown_s - now_s) / over_s)
            self._finish_s += weight * (now_s + estimate - self._finish_s)
        self._shown_s = now_s
        return max(0.0, self._finish_s - now_s)

    def _estimate_s(self, trials: float) -> float | None:
        trial_s = self._trial_s()
        if trials <= 0:
            return 0.0
        if trial_s is None:
            return None
        begun = list(self._running.values())[: math.ceil(trials)]
        parts = trials - len(begun) + sum(max(1 - one.done, SCORING) for one in begun)
        at_once = self.workers or sum(one.begun_s is not None for one in begun)
        return trial_s * parts / max(1.0, min(at_once, trials))

    def _trial_s(self) -> float | None:
        """Return the worker time of a trial, None if nothing is known yet."""
        if self._settled > 0:
            return self._settled_s / self._settled
        now_s = self.now_s()
        parts = sum(one.done - one.first for one in self._running.values())
        busy_s = sum(one.busy_s(now_s) for one in self._running.values())
        known = parts >= FIRST_PART or (parts > 0 and busy_s >= FIRST_S)
        return busy_s / parts if known else None


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, after an hour as hours, too."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
