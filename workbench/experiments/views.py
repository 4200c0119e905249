"""Views beside a result (pictures, figures, MLflow): whatever happens to them, it stands."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import StoppedByUserError, WorkbenchError, one_line
from workbench.experiments.defaults import DEFAULT_STORE
from workbench.system.events import Caution, Emit, working
from workbench.tracking.tracker import NullTracker, Tracker


@contextmanager
def optional(what: str, emit: Emit) -> Iterator[None]:
    """Turn any failure of a view into one line of caution, so that the work continues.

    Memory that runs out, a full disk, an allocator of torch, a library that is missing, or a bug:
    the trials are finished and in the ledger, and no view of them may cost their table.

    Args:
        what: The view, as the subject of the caution.
        emit: Gets it.
    """
    try:
        yield
    except StoppedByUserError:
        raise
    except Exception as error:  # noqa: BLE001 (any reason at all)
        emit(
            Caution(
                f"{what}: failed ({one_line(error)}); the results are kept, and rerunning the "
                "same command tries it again"
            )
        )


@contextmanager
def tracking(store: Path, tracking_uri: str | None, emit: Emit) -> Iterator[Tracker]:
    """Give MLflow as a view of the trials, and close it; a failure to close is a caution.

    Args:
        store: The store, which has MLflow's database unless there is a `tracking_uri`.
        tracking_uri: A server or database of the user's own.
        emit: Gets cautions.

    Raises:
        StoreError: If the store cannot be written, or the server does not answer: before anything
            is trained.
    """
    with working(emit, "opening MLflow"):
        tracker = open_tracker(store, tracking_uri, emit)
    try:
        yield tracker
    finally:
        with optional("MLflow", emit):
            tracker.close()


def open_tracker(store: Path, tracking_uri: str | None, emit: Emit) -> Tracker:
    """Open MLflow; without it (not installed, not the memory to import it), show nothing.

    Raises:
        WorkbenchError: If the store cannot be written, or the server does not answer.
    """
    try:
        from workbench.tracking.mlflow_tracker import MlflowTracker

        return MlflowTracker(store, tracking_uri, lambda text: emit(Caution(text)))
    except WorkbenchError:
        raise
    except Exception as error:  # noqa: BLE001 (any reason at all)
        emit(Caution(f"MLflow cannot be opened ({one_line(error)}); trials run without it"))
        return NullTracker()


def compare_text(store: Path, tracking_uri: str | None) -> str:
    """Return the line that says which command shows the runs in MLflow."""
    return f"compare in MLflow: {ui_command(store, tracking_uri)}"


def ui_command(store: Path, tracking_uri: str | None) -> str:
    """Return the command that shows the runs in MLflow, as a shell takes it."""
    where = "" if store == DEFAULT_STORE else f" --store {shlex.quote(str(store))}"
    uri = f" --tracking-uri {shlex.quote(tracking_uri)}" if tracking_uri else ""
    return f"workbench ui{where}{uri}"
