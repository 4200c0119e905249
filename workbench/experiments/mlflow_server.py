"""MLflow's server on this machine: started for a while, with none of its processes left over."""

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
from typing import IO

from workbench.errors import WorkbenchError
from workbench.tracking.database import artifacts_path

HOST = "127.0.0.1"
"""The store has no passwords, so nothing outside this machine may reach it."""

START_TIMEOUT_S = 180
STOP_TIMEOUT_S = 10


def server_address(tracking_uri: str | None, port: int) -> str:
    """Return the address of the server, without a slash at the end.

    Args:
        tracking_uri: The user's MLflow server; anything else means `workbench ui`.
        port: Of `workbench ui` on this machine.
    """
    uri = tracking_uri or ""
    if uri.startswith(("http://", "https://")):
        return uri.rstrip("/")
    return f"http://{HOST}:{port}"


def answers(server: str) -> bool:
    """Return whether an MLflow server answers at an address."""
    # Not through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{server}/health", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def check_port(port: int) -> None:
    """Check that a server can use a port of this machine.

    Raises:
        WorkbenchError: If it cannot, with the reason.
    """
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
def serving(store: Path, backend: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run MLflow's server while the block runs, and none of its processes any longer.

    Args:
        store: Where the artifacts are.
        backend: MLflow's address of the database, such as `sqlite:////path/mlflow.db`.
        port: Of this machine.

    Raises:
        WorkbenchError: If the server does not start, with its last line.
    """
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
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise WorkbenchError(f"MLflow's server did not start: {_last_line(log)}")
        if answers(f"http://{HOST}:{port}"):
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
