"""Which executor runs the trials of a study or a search. Loads neither torch nor ray."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ConfigError
from workbench.execution.events import TrialEmit
from workbench.execution.executor import Executor, Task
from workbench.execution.ray.address import check_reachable


@dataclass(frozen=True)
class ExecutorSpec:
    """Which executor is used; it changes no result."""

    ray: bool = False
    """Ray Tune, on this machine or on a cluster; else processes of this machine."""
    address: str | None = None
    """HOST:PORT of a Ray cluster's head; None starts Ray on this machine."""
    cpus: float = 1.0
    """CPU cores of each trial, with Ray."""
    gpus: float = 0.0
    """GPUs of each trial, with Ray; a fraction shares one."""

    @contextmanager
    def open(self, store: Path, workers: int) -> Iterator[Executor]:
        """Yield the executor; its workers start when there is a trial to run.

        Args:
            store: The store that holds the ledger.
            workers: Trials at a time; a cluster takes as many as it holds.

        Raises:
            ConfigError: By its `run`, if no Ray cluster is reached.
        """
        with ExitStack() as stack:
            yield _StartedLate(lambda: self._make(store, workers), stack)

    def _make(self, store: Path, workers: int) -> AbstractContextManager[Executor]:
        if not self.ray:
            from workbench.execution.processes import ProcessExecutor

            return ProcessExecutor(store, workers)
        from workbench.execution.ray.executor import RayExecutor
        from workbench.execution.ray.tuning import Resources

        count = None if self.address else workers
        return RayExecutor(store, count, self.address, Resources(self.cpus, self.gpus))


class _StartedLate:
    """An executor that is made when it is used first, and ends with a stack."""

    def __init__(
        self, make: Callable[[], AbstractContextManager[Executor]], stack: ExitStack
    ) -> None:
        self._make, self._stack = make, stack
        self._executor: Executor | None = None

    def run(self, tasks: Sequence[Task], emit: TrialEmit, /) -> None:
        if self._executor is None:
            self._executor = self._stack.enter_context(self._make())
        self._executor.run(tasks, emit)


LOCAL = ExecutorSpec()
"""Processes of this machine."""


def executor_spec(name: str, address: str | None, cpus: float, gpus: float) -> ExecutorSpec:
    """Return the executor that the user wants.

    Args:
        name: `ray` is Ray Tune; any other name means processes of this machine.
        address: HOST:PORT of a Ray cluster's head.
        cpus: CPU cores of each trial.
        gpus: GPUs of each trial.

    Raises:
        ConfigError: For options that only Ray has, or if no cluster answers.
    """
    spec = ExecutorSpec(name == "ray", address, cpus, gpus)
    if not spec.ray and spec != LOCAL:
        raise ConfigError("--address, --cpus and --gpus need --engine ray")
    if address is not None:
        check_reachable(address)
    return spec
