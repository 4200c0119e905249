"""How many lanes a process keeps busy: what was asked for, measured, and lowered. No torch."""

from dataclasses import dataclass

MOST_LANES = 256
"""Of one process."""
MEASURED_FROM = 4
"""Lanes of a GPU at first, unless their number is given."""
MEASURED_TO = 16
"""The most that are tried where none is given."""
_LEVELS = (MEASURED_FROM, 8, MEASURED_TO)
_GAIN = 1.1
"""More lanes stay only if all of them together do at least so many times the steps per second."""
_WINDOW_S = 20.0
_MEMORY_SHARE = 0.9
"""Of the free device memory, which further lanes may take."""


class LaneCount:
    """How many trials may run at a time in one process.

    Args:
        most: As many, always.
    """

    def __init__(self, most: int) -> None:
        self._wanted = most
        self.most_in_memory: int | None = None
        """Set when memory ran out; None if it never did."""
        self._after_death: int | None = None

    @property
    def now(self) -> int:
        """Lanes that may run now."""
        found = (self._wanted, self.most_in_memory, self._after_death)
        return min(count for count in found if count is not None)

    def lower_for_memory(self, beside: int) -> None:
        """Note that memory ran out for one of `beside` trials at a time: so many are too many."""
        self.most_in_memory = max(1, min(beside - 1, self.most_in_memory or beside))

    def lower_after_death(self, running: int) -> None:
        """Note that the process died while `running` trials ran: for now half as many."""
        self._after_death = max(1, running // 2)

    def end_isolation(self) -> None:
        """Note that no trial is left that a process died with."""
        self._after_death = None

    def recover(self) -> None:
        """Note that a trial has ended well: after a death, one more may run than before."""
        if self._after_death is not None:
            self._after_death += 1

    def observe(self, now_s: float, steps: int, stepping: int, *, waiting: bool) -> None:
        """Ignore how fast the lanes are: their number is given."""

    def observe_memory(self, free_bytes: int, lane_bytes: int, running: int) -> None:
        """Ignore how much memory is free: the number of lanes is given."""


@dataclass
class _Window:
    """A time over which the steps of all lanes are counted."""

    start_s: float
    steps: int


class MeasuredLaneCount(LaneCount):
    """Raises the number of lanes of a GPU as long as that makes all of them together faster.

    It begins with 4 and, while trials wait, tries 8 and then 16, never more than free device memory
    allows. A window of measurement begins when every lane has done a step; ends and starts of
    trials within it count.
    """

    def __init__(self) -> None:
        super().__init__(_LEVELS[0])
        self._window: _Window | None = None
        self._best_per_s = 0.0
        """Steps per second at the number of lanes that is the best so far."""
        self._best = _LEVELS[0]
        self._fitting = _LEVELS[0]
        """Lanes for which device memory suffices, as far as is known."""
        self._is_settled = False

    def observe(self, now_s: float, steps: int, stepping: int, *, waiting: bool) -> None:
        """Note how many steps all trials of the process have done so far.

        Args:
            now_s: Time, s.
            steps: Of all trials since the process started.
            stepping: Trials that run and have done a step.
            waiting: Whether further trials wait for a lane.
        """
        if self._is_settled or not waiting or self.now < self._wanted:
            self._window = None
        elif self._window is None:
            if stepping >= self._wanted:
                self._window = _Window(now_s, steps)
        elif now_s - self._window.start_s >= _WINDOW_S:
            self._decide((steps - self._window.steps) / (now_s - self._window.start_s))

    def observe_memory(self, free_bytes: int, lane_bytes: int, running: int) -> None:
        """Note what is free, and what one of the `running` lanes takes."""
        if lane_bytes > 0:
            self._fitting = running + int(_MEMORY_SHARE * free_bytes / lane_bytes)

    def _decide(self, steps_per_s: float) -> None:
        """Keep the number of lanes or go back, and try the next one."""
        self._window = None
        if steps_per_s < _GAIN * self._best_per_s:
            self._wanted, self._is_settled = self._best, True
            return
        self._best, self._best_per_s = self._wanted, steps_per_s
        larger = [level for level in _LEVELS if level > self._wanted]
        following = min(larger[0], self._fitting) if larger else self._wanted
        self._is_settled = following <= self._wanted
        self._wanted = max(self._wanted, following)


def lane_counts(lanes: int | None, at_once: int | None, processes: int) -> list[LaneCount]:
    """Return the number of lanes of each process.

    Args:
        lanes: Of each process, if it is given.
        at_once: Trials at a time over all processes, if that is given instead.
        processes: Processes, one for each GPU.

    Returns:
        One for each process that gets a lane; measured ones if nothing is given.
    """
    if lanes is not None:
        return [LaneCount(lanes) for _ in range(processes)]
    if at_once is not None:
        shares = [at_once // processes + (i < at_once % processes) for i in range(processes)]
        return [LaneCount(share) for share in shares if share]
    return [MeasuredLaneCount() for _ in range(processes)]
