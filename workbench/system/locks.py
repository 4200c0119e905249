"""Locks between processes: files that the operating system frees however their holder ends."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout

from workbench.errors import writing_to
from workbench.system.progress import Waiting, no_waiting

_POLL_S = 1.0


class LockHeldError(Exception):
    """Another process has held a lock for too long. The text is the path of the lock's file."""


def lock_beside(path: Path) -> Path:
    """Return the file of the lock of a file or folder: it lies beside it."""
    return path.with_name(f"{path.name}.lock")


@contextmanager
def locked(
    file: Path,
    *,
    store: Path | None = None,
    timeout_s: float | None = None,
    waiting: Waiting = no_waiting,
) -> Iterator[None]:
    """Hold a lock for this process.

    Args:
        file: The file of the lock; its folder is created.
        store: The store that the lock is part of, which an error then names.
        timeout_s: Give up after this time; 0 does not wait, None waits until the lock is free.
        waiting: Called about once a second while another process holds the lock, unless
            `timeout_s` is given; it may raise to give up.

    Raises:
        LockHeldError: If `timeout_s` has passed.
        StoreError: If `store` is given and cannot be written.
        OSError: If `store` is None and the folder cannot be written.
    """
    with writing_to(store) if store else nullcontext():
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file)
        while True:
            try:
                lock.acquire(timeout=_POLL_S if timeout_s is None else timeout_s)
                break
            except Timeout:  # an OSError, which must not pass for a failed write
                if timeout_s is not None:
                    raise LockHeldError(str(file)) from None
                waiting()
    try:
        yield
    finally:
        lock.release()
