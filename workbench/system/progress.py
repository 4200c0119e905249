"""How long work reports progress without knowing who shows it."""

from typing import Protocol


class Progress(Protocol):
    """Called as `progress(done, total, what)`; `what` names the item just finished."""

    def __call__(self, done: int, total: int, what: str, /) -> None:
        """Report that `done` of `total` items are finished."""


def silent(done: int, total: int, what: str) -> None:
    """Report nothing."""


class Waiting(Protocol):
    """Called now and then while a lock is held by another process; may raise to give up."""

    def __call__(self) -> None:
        """Report that the wait continues."""


def no_waiting() -> None:
    """Report nothing and keep waiting."""
