"""Which executor runs the trials of a study or a search. Loads neither torch nor ray."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.errors import ConfigError
from workbench.execution.events import TrialEmit
from workbench.execution.executor import Executor, Task
from workbench.execution.gpus import check_gpus, gpu_numbers, visible_names
from workbench.execution.lane_count import MEASURED_FROM, lane_counts
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
    """GPUs of each trial, with Ray; a fraction shares one. With lanes, of each actor of lanes."""

    lanes: int | None = None
    """Trials at a time in each process of lanes; None if it is not given."""
    devices: tuple[int, ...] = ()
    """GPUs by number, each with a process of lanes; empty for the first one."""
    on_gpu: bool = False
    """Whether trials run in lanes because they train on a GPU; `on` says so."""
    measures_lanes: bool = False
    """Whether the number of lanes is found by measuring, as none is given."""

    def on(self, device: str, workers: int) -> "ExecutorSpec":
        """Return the executor for trials that train on a device: lanes on a GPU.

        Args:
            device: `cpu` or `cuda`.
            workers: Trials at a time over all GPUs; 0 if it is not given.

        Raises:
            ConfigError: For GPUs that do not exist, or GPUs by number for a CPU.
        """
        if self.ray:
            lacks_gpu = self.lanes is not None and device == "cuda" and not self.gpus
            return replace(self, gpus=1.0) if lacks_gpu else self
        if self.on_gpu:
            return self
        if device != "cuda":
            if self.devices:
                numbers = ",".join(map(str, self.devices))
                raise ConfigError(
                    f"--devices {numbers} needs --set training.device=cuda, got {device!r}"
                )
            return self
        check_gpus(self.devices)
        return replace(self, on_gpu=True, measures_lanes=self.lanes is None and not workers)

    @property
    def lanes_at_once(self) -> int | None:
        """Trials at a time in the lanes of all processes, at first; None if that is not given."""
        if self.lanes is None and not self.measures_lanes:
            return None
        return (self.lanes or MEASURED_FROM) * max(1, len(self.devices))

    @contextmanager
    def open(self, store: Path, at_once: int | None) -> Iterator[Executor]:
        """Yield the executor; its workers start when there is a trial to run.

        Args:
            store: The store that holds the ledger.
            at_once: Trials at a time; None for as many as a cluster holds, or as are measured.

        Raises:
            ConfigError: By its `run`, if no Ray cluster is reached.
        """
        with ExitStack() as stack:
            yield _StartedLate(lambda: self.build(store, at_once), stack)

    def build(self, store: Path, at_once: int | None) -> AbstractContextManager[Executor]:
        """Return the executor, which starts nothing before it is entered; see `open`."""
        if self.ray:
            from workbench.execution.ray.executor import RayExecutor
            from workbench.execution.ray.tuning import Resources

            resources = Resources(self.cpus, self.gpus)
            return RayExecutor(store, at_once, self.address, resources, self.lanes)
        if self.on_gpu or self.lanes is not None:
            from workbench.execution.lanes import LanesExecutor

            counts = lane_counts(self.lanes, at_once, max(1, len(self.devices)))
            return LanesExecutor(store, counts, visible_names(self.devices))
        from workbench.execution.processes import ProcessExecutor

        return ProcessExecutor(store, at_once or 1)


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
"""Processes of this machine, or lanes on its GPU."""


def executor_spec(
    name: str,
    address: str | None = None,
    cpus: float = 1.0,
    gpus: float = 0.0,
    lanes: int | None = None,
    devices: str | None = None,
    workers: int | None = None,
) -> ExecutorSpec:
    """Return the executor that the user wants.

    Args:
        name: `ray` is Ray Tune; any other name means this machine.
        address: HOST:PORT of a Ray cluster's head.
        cpus: CPU cores of each trial.
        gpus: GPUs of each trial.
        lanes: Trials at a time in one process, for each GPU.
        devices: GPUs by number, such as `0,1`.
        workers: Trials at a time, which `lanes` contradicts.

    Raises:
        ConfigError: For options that contradict each other, options that only one executor has, or
            if no cluster answers.
    """
    if name == "ray":
        if devices is not None:
            raise ConfigError("--devices needs --engine local; Ray finds the GPUs of its nodes")
    elif (address, cpus, gpus) != (None, 1.0, 0.0):
        raise ConfigError("--address, --cpus and --gpus need --engine ray")
    if lanes is not None and workers is not None:
        raise ConfigError(
            f"--lanes {lanes} and --workers {workers} exclude each other: lanes are trials at a "
            "time for each GPU, workers for all of them"
        )
    if address is not None:
        check_reachable(address)
    numbers = () if devices is None else gpu_numbers(devices)
    return ExecutorSpec(name == "ray", address, cpus, gpus, lanes, numbers)
