"""Views beside a result (pictures, figures, MLflow): whatever happens to them, it stands."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.cli.console import note
from workbench.cli.display import working
from workbench.cli.options import DEFAULT_STORE
from workbench.errors import StoppedByUserError, WorkbenchError, one_line
from workbench.tracking.tracker import NullTracker, Tracker


@contextmanager
def optional(what: str) -> Iterator[None]:
    """Turn any failure of a view into one line of warning, so that the command continues.

    Memory that runs out, a full disk, an allocator of torch, a library that is missing, or a bug:
    the trials are finished and in the ledger, and no view of them may cost their table.

    Args:
        what: The view, as the subject of the warning.
    """
    try:
        yield
    except StoppedByUserError:
        raise
    except Exception as error:  # noqa: BLE001 (any reason at all)
        note(
            f"warning: {what}: failed ({one_line(error)}); the results are kept, and rerunning the "
            "same command tries it again"
        )


@contextmanager
def tracking(store: Path, tracking_uri: str | None) -> Iterator[Tracker]:
    """Give MLflow as a view of the trials, and close it; a failure to close is a warning.

    Args:
        store: The store, which has MLflow's database unless there is a `tracking_uri`.
        tracking_uri: A server or database of the user's own.

    Raises:
        StoreError: If the store cannot be written, or the server does not answer: said before
            anything is trained.
    """
    with working("opening MLflow"):
        tracker = _opened(store, tracking_uri)
    try:
        yield tracker
    finally:
        with optional("MLflow"):
            tracker.close()


def say_where(store: Path, tracking_uri: str | None) -> None:
    """Say which command shows the runs in MLflow, as a shell takes it."""
    where = "" if store == DEFAULT_STORE else f" --store {shlex.quote(str(store))}"
    uri = f" --tracking-uri {shlex.quote(tracking_uri)}" if tracking_uri else ""
    note(f"compare in MLflow: workbench ui{where}{uri}")


def _opened(store: Path, tracking_uri: str | None) -> Tracker:
    try:
        from workbench.tracking.mlflow_tracker import MlflowTracker

        return MlflowTracker(store, tracking_uri, lambda text: note(f"warning: {text}"))
    except WorkbenchError:
        raise
    except Exception as error:  # noqa: BLE001 (such as no mlflow, or not the memory to import it)
        note(f"warning: MLflow cannot be opened ({one_line(error)}); trials go on without it")
        return NullTracker()
