"""`workbench ui`: look at finished and running trials in MLflow."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Annotated

import typer

from workbench.errors import StoreError, WorkbenchError
from workbench.tracking.database import artifacts_path, database_path, sqlite_address, sqlite_file
from workbench.tracking.mlflow_tracker import MlflowTracker

HOST = "127.0.0.1"
"""The store has no passwords, so nothing outside this machine may reach it."""

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 10
MOST_STUDIES = 12
"""Whose addresses are printed."""


def ui(
    store: Annotated[
        Path, typer.Option(help="Folder that holds the MLflow database and the finished trials.")
    ] = Path("mlflow_runs"),
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Port on 127.0.0.1 for the browser.")
    ] = 5000,
    tracking_uri: Annotated[
        str | None,
        typer.Option(
            envvar="MLFLOW_TRACKING_URI",
            help="MLflow server or database of your own, in place of the store's.",
        ),
    ] = None,
) -> None:
    """Serve the trials' learning curves and comparisons to a browser on this machine."""
    if tracking_uri and tracking_uri.startswith(("http://", "https://")):
        _print_addresses(tracking_uri, MlflowTracker(store, tracking_uri, _print_warning))
        return
    if not tracking_uri:
        _check_store(store)
    _check_port(port)
    tracker = MlflowTracker(store, tracking_uri, _print_warning)
    typer.echo("Starting MLflow's server ...")
    own = sqlite_file(tracking_uri) if tracking_uri else database_path(store)
    backend = sqlite_address(own) if own else str(tracking_uri)
    with _stopping_on_sigterm(), _server(store, backend, port) as server:
        _print_addresses(f"http://{HOST}:{port}", tracker)
        typer.echo("Ctrl-C stops the server.")
        server.wait()
        raise WorkbenchError(f"MLflow's server ended by itself with exit code {server.returncode}")


def _print_addresses(server: str, tracker: MlflowTracker) -> None:
    base = server.rstrip("/")
    typer.echo(f"MLflow: {base}/")
    pages = tracker.pages()
    for name, page in list(pages.items())[:MOST_STUDIES]:
        typer.echo(f"Runs of {name}: {base}/{page}")
    if len(pages) > MOST_STUDIES:
        typer.echo(f"... and {len(pages) - MOST_STUDIES} older studies")
    study = tracker.last_study()
    compared = tracker.compare_address(study) if study else None
    if compared:
        typer.echo(f"Comparison of {study}: {base}/{compared}")
    if not pages:
        typer.echo("It holds no trials yet.")


def _print_warning(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)


def _check_store(store: Path) -> None:
    if not store.is_dir():
        raise StoreError(
            f"{store}: no such folder; name the store with --store, or make one with "
            "workbench ablate"
        )
    if not database_path(store).exists():
        raise StoreError(
            f"{store} holds no MLflow database (mlflow.db); workbench ablate or search make one"
        )


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        # As the server does: a port whose last user has just gone counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WorkbenchError(
                f"port {port} of {HOST} cannot be used: {reason}; choose another with --port"
            ) from None


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


@contextmanager
def _server(store: Path, backend: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run MLflow's server while the block runs, and none of its processes any longer."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", backend]
    command += ["--artifacts-destination", artifacts_path(store).as_uri()]
    settings = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_LOGGING_LEVEL": "ERROR",  # why it does not start
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # ten processes and 2 GB otherwise
        "PYTHONSAFEPATH": "1",
    }
    # Its own folder and safe path: a file called mlflow.py in the user's folder is not meant.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with _watchdog(server.pid):
                _wait_until_it_answers(server, port, log)
                yield server
        finally:
            _stop(server)


@contextmanager
def _watchdog(group: int) -> Iterator[None]:
    """Have the server's processes killed when this process is gone, even by kill -9.

    The pipe closes with its only writer. Linux's death signal would reach only the first of the
    server's processes, and other systems have none.
    """
    watchdog = subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _; kill -s KILL -- "-$0"', str(group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        watchdog.kill()
        watchdog.communicate()


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    # Not through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise WorkbenchError(f"MLflow's server did not start: {_last_line(log)}")
        with suppress(urllib.error.URLError, OSError):
            opener.open(f"http://{HOST}:{port}/health", timeout=5).close()
            return
        time.sleep(0.2)
    raise WorkbenchError(f"MLflow's server did not answer within {START_TIMEOUT_S} s")


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the whole group: MLflow's first process may leave others behind."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
