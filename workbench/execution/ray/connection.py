"""Starting Ray on this machine or joining a cluster, and the server of the driver's store."""

import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError
from workbench.execution.ray.address import check_reachable
from workbench.execution.ray.home import StoreServer
from workbench.execution.ray.reaper import end_reaper, start_reaper
from workbench.system.global_state import environment_kept, environment_set
from workbench.system.memory import one_line
from workbench.system.stopping import children_spared

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_TRAIN_V2_ENABLED": "0",
}
_SET_BY_RAY = ("RAY_AUTH_MODE", "RAY_CLIENT_MODE", "PYTHONBREAKPOINT")
"""Variables that Ray sets in its driver and leaves there."""
_LOCAL_SETTINGS = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Ray listens on all interfaces otherwise, and has no argument for it. Read when ray is imported;
a test watches which addresses Ray listens on."""


@dataclass(frozen=True)
class Connection:
    """Ray, while a driver is connected to it."""

    ray: Any
    """The module."""
    server: Any
    """Handle of the actor that serves the driver's store."""
    node_id: str
    """Of the driver's node."""
    folder: Path
    """For Tune's own files; deleted at the end."""


@contextmanager
def connected(store: Path, address: str | None, cpus: int) -> Iterator[Connection]:
    """Start or join Ray; at the end nothing that was started is left.

    Args:
        store: The driver's store, on this node.
        address: HOST:PORT of a cluster's head; None starts Ray on this machine, on 127.0.0.1 only.
        cpus: CPU cores that Ray on this machine hands out.

    Raises:
        ConfigError: If no cluster at this address lets the driver in.
    """
    with ExitStack() as stack:
        stack.enter_context(_signal_handlers_kept())
        stack.enter_context(environment_kept(_SET_BY_RAY))
        stack.enter_context(environment_set(_SETTINGS))
        if address is None:
            stack.enter_context(environment_set(_LOCAL_SETTINGS, replace=True))
        import ray

        # Ray prints the logs of lost nodes to stdout, where the table goes.
        stack.enter_context(redirect_stdout(sys.stderr))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-tune-"))
        with children_spared():
            if address is None:
                stack.callback(end_reaper, start_reaper())
            stack.callback(_quietly, ray.shutdown)
            _connect(ray, address, cpus)
        node_id = str(ray.get_runtime_context().get_node_id())
        yield Connection(ray, _start_server(ray, store, node_id), node_id, Path(folder))


@contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    """Put back the handlers of this process, which Ray replaces by its own and leaves there."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python sets handlers in the main thread only
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def error_text(error: BaseException) -> str:
    """Return type and text of an error of Ray's in one line of at most 200 characters."""
    return f"{type(error).__name__}: {one_line(error)}"[:200]


def _connect(ray: Any, address: str | None, cpus: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        ray.init(address="local", num_cpus=cpus, include_dashboard=False, **quiet)
        return
    check_reachable(address)
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise ConfigError(
            f"--address {address}: no Ray cluster that lets this process in ({error_text(error)})"
        ) from None


def _start_server(ray: Any, store: Path, node_id: str) -> Any:
    """Start the server of the store, on this node and no other."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(node_id, soft=False)
    actor = ray.remote(StoreServer).options(
        num_cpus=0, max_concurrency=8, scheduling_strategy=here, max_restarts=0
    )
    return actor.remote(store)


def _quietly(end: Callable[[], None]) -> None:
    with suppress(Exception):  # everything is on disk; the end can lose nothing
        end()
