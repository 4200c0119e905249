"""The interface of a scheduler, from which another one can be written.

The search loop (`search/loop.py`) owns the record, the sampler and the running trials. A scheduler
decides three things: how far each candidate trains before it is compared with others, which
candidates are promoted past a rung, and how many new candidates are proposed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.errors import WorkbenchError
from workbench.search.objectives import Objective
from workbench.search.proposals import Proposal, params_key
from workbench.search.record import SearchEvent
from workbench.search.rungs import rung_steps
from workbench.search.state import SearchState

ROUNDING = 1e-9
"""Of sums of shares: three thirds of a training are a whole one."""


@dataclass(frozen=True)
class Arrival:
    """A candidate has trained to its target, or has failed on the way."""

    name: str
    """Of the candidate."""
    rung: int
    """Its target, counted from 0; the number of rungs stands for the end of the training."""
    values: tuple[float, ...] | None
    """One for each objective; None if the candidate has failed."""
    failure: str = ""
    """Why it has no values, such as `diverged: the loss was nan`; empty if it has."""
    crash: str = ""
    """What stopped the trial if that need not be the network's fault, such as a dead worker."""


@dataclass
class SearchContext:
    """What a scheduler may know of the search that it schedules."""

    state: SearchState
    """Its `record` holds the settings, and every event up to now."""
    objectives: tuple[Objective, ...]
    trials: int
    """Whole trainings of the search at most, the baseline among them; see `left`."""
    seen: dict[str, int]
    """The number of the proposal of each run, by the run's identity."""
    _counted: int = 0
    """Networks that `_used` counts."""
    _used: float = 0.0
    _steps: dict[str, tuple[int | None, ...]] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The target that stands for the end of a training: the number of rungs."""
        return len(self.state.record.settings.space.fidelity.rungs)

    @property
    def fraction(self) -> float:
        """The fraction of candidates that is promoted at each rung, in 0..1."""
        return self.state.record.settings.space.fidelity.keep

    @property
    def left(self) -> float:
        """How many whole trainings the search may still add.

        An offspring costs the share of its training that it does not share with its parent. A
        network whose score was known when the search started costs nothing.
        """
        for proposal in self.state.trained[self._counted :]:
            self._used += 0.0 if self._is_known(proposal) else self.cost(proposal.parent_steps)
        self._counted = len(self.state.trained)
        return self.trials - self._used + ROUNDING

    def cost(self, shared_steps: int) -> float:
        """Return which share of a training is left after steps that another one has trained."""
        total = self.state.record.settings.base.training.total_steps()
        return 1 - shared_steps / total

    def _is_known(self, proposal: Proposal) -> bool:
        return bool(proposal.params) and params_key(proposal.params) in self.state.record.known

    def steps(self, proposal: Proposal) -> tuple[int | None, ...]:
        """Return the step of each rung for a candidate; None where it is not compared."""
        if proposal.name not in self._steps:
            fidelity = self.state.record.settings.space.fidelity
            training = self.state.config(proposal).training
            self._steps[proposal.name] = rung_steps(fidelity, training)
        return self._steps[proposal.name]

    def step(self, proposal: Proposal, rung: int) -> int | None:
        """Return the step of one target; None for the end, and where nothing is compared."""
        return None if rung == self.end else self.steps(proposal)[rung]


class Scheduler(ABC):
    """Decides which candidates train, and how far. Subclasses live in one file each.

    The loop calls `apply` with every event of the record in order, with those that are read from
    the file of a killed search just as with those that have just happened. So:

    - State follows from `apply` alone: the same events, the same state. `add_arrival` may keep an
      arrival until an event is made of it; an arrival that is not in the record is lost with the
      process, and the same trial arrives again when the search is resumed.
    - `next_event` changes nothing that outlives the process: the loop writes the event to the
      disk first, and calls `apply` with it after that.
    - Decisions depend on the events, the arrivals and the search's seed; on no clock, and no other
      source of chance.

    After each arrival the loop takes events from `next_event` until it returns None, has new
    candidates proposed if `wants` says so, and runs what is in `targets` and does not run yet. A
    search ends when nothing runs and nothing follows.
    """

    def __init__(self, context: SearchContext) -> None:
        """Start without any event.

        Args:
            context: The search.
        """
        self.context = context

    @property
    @abstractmethod
    def targets(self) -> Mapping[str, int]:
        """The rung that each candidate trains towards, by name, in the order in which they start.

        Candidates that have arrived and wait for others are not in it.
        """

    @abstractmethod
    def apply(self, event: SearchEvent) -> None:
        """Take in an event of the record.

        Args:
            event: The proposals of a `BatchProposed` train from the start; a `RungResult` settles
                candidates at a rung; a `Promoted` lets one train further; a `RetryStarted` runs
                failed ones again.
        """

    @abstractmethod
    def add_arrival(self, arrival: Arrival) -> None:
        """Take in that a candidate of `targets` has arrived.

        Raises:
            WorkbenchError: If everything fails and the networks are not at fault; nothing of it
                is in the record, so that a resumed search runs it again.
        """

    @abstractmethod
    def next_event(self, *, more_candidates: bool) -> SearchEvent | None:
        """Return what follows from the events and arrivals so far: a `RungResult` or a `Promoted`.

        Args:
            more_candidates: Whether new candidates could still be proposed.

        Returns:
            None if nothing follows before another arrival or a new candidate.
        """

    @abstractmethod
    def wants(self) -> int:
        """Return how many new candidates should be proposed now; 0 to wait."""

    @abstractmethod
    def can_retry(self) -> bool:
        """Return whether failed candidates can be run again now; if not, the loop asks later."""


def all_failed(which: str, reason: str) -> WorkbenchError:
    """Return the error for failures that say nothing about the networks."""
    return WorkbenchError(f"{which} failed: {reason}")
