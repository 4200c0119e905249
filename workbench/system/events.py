"""Events that a function emits while it works: values, which a terminal or a notebook shows.

Functions of `experiments` take an `emit`, call it with events, and return values; they print
nothing. Events of trials are in `execution.events`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.system.progress import Progress


@dataclass(frozen=True)
class Note:
    """Something that the user should know, in one line."""

    text: str


@dataclass(frozen=True)
class Caution:
    """Something that may be wrong although the work continues, in one line without `warning:`."""

    text: str


@dataclass(frozen=True)
class WorkStarted:
    """Work starts that takes a while; `Progressed` and `WorkEnded` follow."""

    what: str


@dataclass(frozen=True)
class Progressed:
    """`done` of `total` parts of the work are done."""

    done: int
    total: int
    what: str
    """The part that is at hand, such as the name of an image."""


@dataclass(frozen=True)
class WorkEnded:
    """The work of the last `WorkStarted` has ended, well or not."""


Event = Note | Caution | WorkStarted | Progressed | WorkEnded

Emit = Callable[[object], None]
"""Gets every event, of this module or of others, in the process of the caller."""


def ignore(event: object, /) -> None:
    """Do nothing with an event."""


@contextmanager
def working(emit: Emit, what: str) -> Iterator[None]:
    """Emit that work starts, and at the end of the block that it has ended.

    Args:
        emit: Gets both events.
        what: The work, as in `timing the networks`.
    """
    emit(WorkStarted(what))
    try:
        yield
    finally:
        emit(WorkEnded())


@contextmanager
def counting(emit: Emit, what: str) -> Iterator[Progress]:
    """Emit that work of countable parts starts and ends, and give a function that reports parts.

    Args:
        emit: Gets `WorkStarted`, a `Progressed` for each call of the function, and `WorkEnded`.
        what: The work, as in `checking Set5`.
    """

    def advance(done: int, total: int, part: str, /) -> None:
        emit(Progressed(done, total, part))

    with working(emit, what):
        yield advance
