"""A limit of time for a command; at its end the command stops as it does for Ctrl-C."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.errors import StoppedByUserError


class TimeIsUpError(Exception):
    """The time that was given is over."""


@contextmanager
def time_limit(minutes: float | None) -> Iterator[None]:
    """End what is inside after some minutes: trials write their checkpoints and stop.

    Args:
        minutes: More than 0; None for no limit.

    Raises:
        TimeIsUpError: If that is why it has ended.
    """
    if minutes is None:
        yield
        return
    over = threading.Event()

    def stop() -> None:
        over.set()
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(minutes * 60, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (StoppedByUserError, KeyboardInterrupt):
        if over.is_set():
            raise TimeIsUpError(f"the time limit of {minutes:g} min has passed") from None
        raise
    finally:
        timer.cancel()
