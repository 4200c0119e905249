"""Views beside a result, with their failures shown in the terminal."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from workbench.cli.console import note
from workbench.cli.terminal import emit
from workbench.experiments import views
from workbench.tracking.tracker import Tracker


@contextmanager
def optional(what: str) -> Iterator[None]:
    """See `experiments.views.optional`."""
    with views.optional(what, emit):
        yield


def tracking(store: Path, tracking_uri: str | None) -> AbstractContextManager[Tracker]:
    """See `experiments.views.tracking`."""
    return views.tracking(store, tracking_uri, emit)


def say_where(store: Path, tracking_uri: str | None) -> None:
    """Say which command shows the runs in MLflow."""
    note(f"compare in MLflow: {views.ui_command(store, tracking_uri)}")
