"""What runs the trials of a study or a search: processes of this machine, or Ray Tune."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.errors import ConfigError
from workbench.execution.messages import Listener, Task
from workbench.execution.ray.address import check_reachable
from workbench.execution.run import RunTasks


class Runs(Protocol):
    """Local workers, or Ray's."""

    def run(self, tasks: Sequence[Task], listener: Listener, /) -> None:
        """Run trials and tell the listener what happens."""


@dataclass(frozen=True)
class Engine:
    """What runs trials; it changes no result."""

    ray: bool = False
    """Ray Tune, here or on a cluster; else processes of this machine."""
    address: str | None = None
    """Of a Ray cluster."""
    cpus: float = 1.0
    """For each trial, with Ray."""
    gpus: float = 0.0

    @contextmanager
    def runs(self, store: Path, workers: int) -> Iterator[RunTasks]:
        """Return what runs trials; it is started when there is one to run.

        Args:
            store: The store that holds the ledger.
            workers: Trials at a time; a cluster takes as many as it holds.
        """
        with ExitStack() as stack:
            started: list[Runs] = []

            def run(tasks: Sequence[Task], listener: Listener) -> None:
                if not started:
                    started.append(stack.enter_context(self._workers(store, workers)))
                started[0].run(tasks, listener)

            yield run

    def _workers(self, store: Path, workers: int) -> AbstractContextManager[Runs]:
        if not self.ray:
            from workbench.execution.processes import Workers

            return Workers(store, workers)
        from workbench.execution.ray.engine import RayWorkers, Resources

        count = None if self.address else workers
        return RayWorkers(store, count, self.address, Resources(self.cpus, self.gpus))


LOCAL = Engine()
"""Processes of this machine."""


def engine_of(name: str, address: str | None, cpus: float, gpus: float) -> Engine:
    """Return the engine that was asked for.

    Args:
        name: `ray` is one; any other name means processes of this machine.
        address: Of a Ray cluster.
        cpus: For each trial.
        gpus: Likewise.

    Raises:
        ConfigError: For options that only Ray has, or if no cluster answers.
    """
    engine = Engine(name == "ray", address, cpus, gpus)
    if not engine.ray and engine != LOCAL:
        raise ConfigError("--address, --cpus and --gpus need --engine ray")
    if address is not None:
        check_reachable(address)
    return engine
