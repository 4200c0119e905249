"""The trials of a study or a search as a whole; `execution.events` has what happens to each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.statistics.decision_rule import ALPHA
from workbench.system.events import Emit


@dataclass(frozen=True)
class TrialsStarted:
    """Trials of one plan, or of one look of it, start; `TrialsEnded` follows."""

    trials: int
    """How many there are, finished ones included."""
    at_once: int | None
    """Trials at a time; None for as many as a cluster holds."""
    against: Mapping[str, str] = field(default_factory=dict)
    """By name of a network, the one that it is compared with."""
    alpha: float = ALPHA
    """One minus the confidence of the intervals."""


@dataclass(frozen=True)
class TrialsEnded:
    """The trials of the last `TrialsStarted` have ended, well or not."""


@contextmanager
def trials(emit: Emit, started: TrialsStarted) -> Iterator[None]:
    """Emit that trials start, and at the end of the block that they have ended."""
    emit(started)
    try:
        yield
    finally:
        emit(TrialsEnded())
