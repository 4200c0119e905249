"""`workbench ui`: look at finished and running trials in MLflow."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from workbench.cli.options import StoreOption, TrackingOption
from workbench.cli.port import DEFAULT_PORT, PortOption
from workbench.errors import StoreError, WorkbenchError
from workbench.experiments.defaults import DEFAULT_STORE
from workbench.experiments.mlflow_server import HOST, check_port, serving
from workbench.tracking.database import database_path, sqlite_address, sqlite_file
from workbench.tracking.mlflow_tracker import MlflowTracker

MOST_STUDIES = 12
"""Whose addresses are printed."""


def ui(
    store: StoreOption = DEFAULT_STORE,
    port: PortOption = DEFAULT_PORT,
    tracking_uri: TrackingOption = None,
) -> None:
    """Serve the trials' learning curves and comparisons to a browser on this machine.

    With the --tracking-uri of a server that runs already: print where it shows them.

    Example:
        workbench ui --store mlflow_runs --port 5000
    """
    if tracking_uri and tracking_uri.startswith(("http://", "https://")):
        _print_addresses(tracking_uri, MlflowTracker(store, tracking_uri, _print_warning))
        return
    if not tracking_uri:
        _check_store(store)
    check_port(port)
    tracker = MlflowTracker(store, tracking_uri, _print_warning)
    typer.echo("Starting MLflow's server ...")
    own = sqlite_file(tracking_uri) if tracking_uri else database_path(store)
    backend = sqlite_address(own) if own else str(tracking_uri)
    with _stopping_on_sigterm(), serving(store, backend, port) as server:
        _print_addresses(f"http://{HOST}:{port}", tracker)
        typer.echo("Ctrl-C stops the server.")
        server.wait()
        raise WorkbenchError(
            f"MLflow's server ended unexpectedly with exit code {server.returncode}"
        )


def _print_addresses(server: str, tracker: MlflowTracker) -> None:
    base = server.rstrip("/")
    typer.echo(f"MLflow: {base}/")
    pages = tracker.queries.pages()
    for name, page in list(pages.items())[:MOST_STUDIES]:
        typer.echo(f"Runs of {name}: {base}/{page}")
    if len(pages) > MOST_STUDIES:
        typer.echo(f"... and {len(pages) - MOST_STUDIES} older studies")
    study = tracker.queries.last_study()
    compared = tracker.queries.compare_address(study) if study else None
    if compared:
        typer.echo(f"Comparison of {study}: {base}/{compared}")
    if not pages:
        typer.echo("It holds no trials yet.")


def _print_warning(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)


def _check_store(store: Path) -> None:
    if not store.is_dir():
        raise StoreError(
            f"{store}: no such folder; name the store with --store, or create one with "
            "workbench ablate"
        )
    if not database_path(store).exists():
        raise StoreError(
            f"{store} holds no MLflow database (mlflow.db); workbench ablate or search creates one"
        )


@contextmanager
def _stopping_on_sigterm() -> Iterator[None]:
    """End quietly on Ctrl-C, and on SIGTERM as on Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped.")
    finally:
        signal.signal(signal.SIGTERM, before)
