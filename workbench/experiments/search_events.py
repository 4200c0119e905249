"""What happens in a search besides its trials, as events."""

from dataclasses import dataclass

from workbench.search.record import SearchEvent, SearchRecord


@dataclass(frozen=True)
class SearchStarted:
    """A search starts or resumes; events of its trials follow, and `SearchEnded`."""

    record: SearchRecord
    """As it was left; it grows while the search runs."""
    trials: int
    """Networks that are trained in all."""
    at_once: int | None
    """Trials at a time; None for as many as a cluster holds."""


@dataclass(frozen=True)
class SearchRecorded:
    """The search has proposed, compared, promoted or retried networks; the record has the line."""

    line: SearchEvent


@dataclass(frozen=True)
class SearchEnded:
    """The last search has ended, well or not."""
