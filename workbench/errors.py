"""Errors that users see: one clear line each, no traceback.

Everything a user can get wrong is raised as a `WorkbenchError`; the command line prints its text
and exits with its `exit_code`. An `AssertionError` or anything else is a bug of the workbench.
"""

import difflib
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class WorkbenchError(Exception):
    """An error that the user can fix. The text says what, where, the rule and the value."""

    exit_code = 2


class ConfigError(WorkbenchError):
    """A configuration, variant, preset or option that cannot be used."""


class DataError(WorkbenchError):
    """An image, image folder or benchmark set that cannot be used."""


class CheckpointError(WorkbenchError):
    """A weights file that cannot be read, or does not describe a known network."""


class ForeignCodeError(WorkbenchError):
    """Code of the user's own that cannot be imported, built or run."""


class ExportError(WorkbenchError):
    """A network that a format cannot hold, or whose exported file gives another output."""


class InputSizeError(WorkbenchError, ValueError):
    """An image smaller than a network's smallest input."""


class StoreError(WorkbenchError):
    """The store (ledger, packed images, MLflow database) cannot be read or written."""


class StoppedByUserError(WorkbenchError):
    """A signal or a time limit: finished work is kept, and rerunning the same command resumes."""

    exit_code = 130


def one_line(error: BaseException) -> str:
    """Say in one line of at most 200 letters what an error is that no message was written for."""
    if isinstance(error, MemoryError):
        return "out of memory"
    first = str(error).strip().partition("\n")[0].strip()
    if isinstance(error, WorkbenchError):
        return " ".join(str(error).split())
    kind = type(error).__name__
    return f"{kind}: {first[:200]}" if first else kind


def own_place(error: BaseException) -> str:
    """Say in which line of modules of one's own an error was raised; empty if in none.

    It is the innermost of their lines, which may have called PyTorch.
    """
    found, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if hasattr(trace.tb_frame.f_globals.get("__loader__"), "loads_own_code"):
            found = f" ({code.co_filename}:{trace.tb_lineno})"
        trace = trace.tb_next
    return found


def own_failure(error: BaseException) -> str:
    """Say in one line what code of the user's own has raised, and where; empty for other code."""
    place = own_place(error)
    return f"{one_line(error)}{place}" if place else ""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return the tail of an error about an unknown name.

    Args:
        name: What the user wrote.
        valid: The names that would have been right.

    Returns:
        `did you mean 'x'?` when one is close, otherwise the list of valid names.
    """
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"valid: {', '.join(names)}" if names else "there are none"


_STORE_REASONS = {
    errno.ENOSPC: "no space is left on its disk",
    errno.EDQUOT: "its disk quota is used up",
    errno.EROFS: "it is on a read-only file system",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.ENOTDIR: "a file stands where a folder is needed",
    errno.EEXIST: "a file stands where a folder is needed",
}


def reason_of(error: OSError) -> str:
    """Say in words why a file could not be written."""
    code = error.errno if error.errno is not None else -1
    return _STORE_REASONS.get(code, error.strerror or str(error))


def store_error(store: Path, error: OSError) -> StoreError:
    """Turn a failed write below `store` into one line that says what to do."""
    return StoreError(
        f"cannot write to the store {store}: {reason_of(error)}; finished trials are kept; "
        "fix this or choose another place with --store"
    )


@contextmanager
def writing_to(store: Path) -> Iterator[None]:
    """Turn any failed write inside the block into a `StoreError` naming `store`."""
    try:
        yield
    except OSError as error:
        raise store_error(store, error) from error


@contextmanager
def writing_file(path: Path) -> Iterator[None]:
    """Turn any failed write inside the block into a `StoreError` naming the file."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write {path}: {reason_of(error)}") from error
