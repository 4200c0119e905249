"""A limit of time for a command, which stops early enough to have ended in time."""

import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.errors import ConfigError
from workbench.system.stopping import StopRequest

POLL_S = 0.5
_LONGEST_MIN = 525_600
"""A year."""
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TIME = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_MINUTES = re.compile(r"\d+(\.\d*)?|\.\d+")


@dataclass(frozen=True)
class TimeLimit:
    """A time within which a command has ended; it begins when this value is made."""

    seconds: float
    """More than 0."""
    text: str
    """As the user wrote it."""
    started_s: float = field(default_factory=time.monotonic)

    def left_s(self) -> float:
        """Return the seconds that are left; less than 0 if it has passed."""
        return self.started_s + self.seconds - time.monotonic()


def read_time_limit(text: str | float, option: str = "--time-limit") -> TimeLimit:
    """Read a time limit, which begins now.

    Args:
        text: Such as `90s`, `9m`, `1h30m` or `2d`; a number alone is minutes.
        option: What an error names first.

    Raises:
        ConfigError: If it is no such time, not above 0, or longer than a year.
    """
    text = str(text).strip()
    if _MINUTES.fullmatch(text):
        seconds, shown = float(text) * 60, f"{text} min"
    else:
        found = _TIME.fullmatch(text) if text else None
        if found is None:
            raise ConfigError(
                f"{option} must be a time such as 90s, 9m, 1h30m or 2d (a number alone is "
                f"minutes), got {text!r}"
            )
        parts = zip(_SECONDS.values(), found.groups(), strict=True)
        seconds, shown = sum(unit * float(part or 0) for unit, part in parts), text
    if not 0 < seconds <= _LONGEST_MIN * 60 or not math.isfinite(seconds):
        raise ConfigError(f"{option} must be above 0 and at most 365 days, got {text[:40]}")
    return TimeLimit(seconds, shown)


@contextmanager
def time_limited(
    limit: TimeLimit | None, request: StopRequest, reserve_s: Callable[[], float]
) -> Iterator[None]:
    """Stop what is inside when no more time is left than the stop takes.

    Args:
        limit: None for none.
        request: By which it is stopped.
        reserve_s: Returns how long the rest of the command takes after a stop, in seconds. Half of
            the limit at most is kept for it.
    """
    if limit is None:
        yield
        return
    over, ending = threading.Event(), threading.Lock()

    def watch() -> None:
        while (left_s := limit.left_s() - min(reserve_s(), limit.seconds / 2)) > 0:
            if over.wait(min(left_s, POLL_S)):
                return
        with ending:
            if not over.is_set():
                request.make(f"the time limit of {limit.text}")

    watching = threading.Thread(target=watch, name="time limit", daemon=True)
    watching.start()
    try:
        yield
    finally:
        with ending:
            over.set()
