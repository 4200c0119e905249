"""Trainings in simulated time: results come from a table, and cost the steps that they take."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from workbench.execution.plan import Arm
from workbench.execution.stream import ArmEnded
from workbench.search.simulation.networks import SearchedTable, TableNetwork
from workbench.store.keys import model_hash


@dataclass(frozen=True)
class Finished:
    """A network that a search has trained to its end."""

    network: TableNetwork
    steps: int
    """Steps of all trainings of the search up to its end, those that were stopped among them."""


@dataclass
class SimulatedTrainings:
    """Runs arms by looking their results up, all that are under way side by side.

    A step takes the same time in every network. The clock decides in which order trials arrive,
    which matters to ASHA; what counts as cost is the sum of all steps.
    """

    searched: SearchedTable
    seed: int
    """Whose results a search sees."""
    finished: list[Finished] = field(default_factory=list)
    """In the order of their ends."""
    steps: int = 0
    """Of all trainings so far."""
    _trained: dict[str, int] = field(default_factory=dict)
    """Steps of each arm so far, by name."""
    _found: dict[str, TableNetwork] = field(default_factory=dict)
    """The network of each arm, by name."""

    def __call__(self, first: Iterable[Arm], then: Callable[[ArmEnded], Iterable[Arm]]) -> None:
        """Run arms, and those that follow, until nothing is left."""
        networks = {one.network: one for one in self.searched.networks}
        running: list[tuple[int, int, Arm]] = []
        order = now = 0
        new = list(first)
        while new or running:
            for arm in new:
                order += 1
                if arm.name not in self._found:
                    self._found[arm.name] = networks[model_hash(arm.config.model)]
                left = self._target(arm) - self._trained.get(arm.name, 0)
                heapq.heappush(running, (now + left, order, arm))
            now, _, arm = heapq.heappop(running)
            new = list(then(self._ended(arm)))

    def _target(self, arm: Arm) -> int:
        return self.searched.steps if arm.until is None else arm.until

    def _ended(self, arm: Arm) -> ArmEnded:
        """Count the steps of an arm, and return its result."""
        target, network = self._target(arm), self._found[arm.name]
        self.steps += target - self._trained.get(arm.name, 0)
        self._trained[arm.name] = target
        if arm.until is None:
            self.finished.append(Finished(network, self.steps))
        return ArmEnded(arm.name, [network.results[self.seed]])
