"""What runs the trials of a search: processes of this machine, or Ray Tune."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from workbench.cli.ablate_steps import Place
from workbench.tasks import Listener, Task
from workbench.workers import Workers


class Runs(Protocol):
    """Local workers, or Ray's."""

    def run(self, tasks: Sequence[Task], listener: Listener, /) -> None:
        """Run trials and tell the listener what happens."""


@dataclass(frozen=True)
class Engine:
    """What runs the trials of a search; it changes no result."""

    name: str = "optuna"
    """`optuna`: processes of this machine. `ray`: Ray Tune, here or on a cluster."""
    address: str | None = None
    """Of a Ray cluster."""
    cpus: float = 1.0
    """For each trial, with Ray."""
    gpus: float = 0.0

    def workers(self, place: Place) -> AbstractContextManager[Runs]:
        """Return what runs trials.

        Raises:
            ConfigError: If no cluster answers.
        """
        if self.name == "optuna":
            return Workers(place.store, place.workers)
        from workbench.cluster.ray_engine import RayWorkers, Resources

        count = None if self.address else place.workers
        return RayWorkers(place.store, count, self.address, Resources(self.cpus, self.gpus))
