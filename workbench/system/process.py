"""Processes that do not outlive the one that started them, and end at once."""

import atexit
import ctypes
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Make this process end when its parent does, however the parent ends.

    Otherwise the workers of a pool survive a kill -9 of their driver, and train on beside the next
    run.

    Args:
        parent: The parent's process id, as the parent knows it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it died before the request was made
        os.kill(os.getpid(), signal.SIGKILL)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def exit_without_collection() -> None:
    """Let this process end without a last garbage collection.

    Python would look through all modules of PyTorch and MLflow, which takes a second of a core, for
    memory that the system takes back at once anyway.
    """
    atexit.register(gc.freeze)


@contextmanager
def without_main_module() -> Iterator[None]:
    """Start processes inside the block that do not import the script that is run here.

    A process that `spawn` starts imports the parent's script first, so that it finds what is
    pickled from there. Ours need nothing of it, and a script that runs trials without
    `if __name__ == "__main__"` would run them again in every worker.
    """
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before
