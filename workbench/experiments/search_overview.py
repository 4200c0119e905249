"""A search, and what follows from it for all of its networks at once. Loads no torch."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from workbench.experiments.stored_search import objectives_of
from workbench.reporting.wording import overlap_texts
from workbench.search.bicubic import bicubic_values
from workbench.search.objectives import Objective
from workbench.search.proposals import Proposal
from workbench.search.record import RungResult
from workbench.search.rungs import rung_steps
from workbench.search.state import SearchState


@dataclass(frozen=True)
class SearchOverview:
    """What tables and JSON show of a search; everything is computed once, when it is needed."""

    state: SearchState

    @cached_property
    def objectives(self) -> tuple[Objective, ...]:
        """In the order of the settings."""
        return objectives_of(self.state.record.settings)

    @cached_property
    def values(self) -> Mapping[str, tuple[float, ...]]:
        """Values of the objectives, by name of each network that has a score under every seed."""
        return self.state.values(self.objectives)

    @cached_property
    def bicubic(self) -> tuple[float | None, ...]:
        """What bicubic upscaling has of each objective; None where it has no such value."""
        return bicubic_values(self.state, self.objectives)

    @cached_property
    def front(self) -> Collection[str]:
        """Names of the networks within the limits that no other beats in every objective."""
        return self.state.front(self.objectives)

    @cached_property
    def stopped(self) -> Mapping[str, RungResult]:
        """By name of each network that was stopped early, the rung's comparison."""
        return self.state.record.stopped()

    @cached_property
    def ended(self) -> Mapping[str, str]:
        """By name of each network that failed, the reason."""
        return self.state.record.failures()

    @cached_property
    def overlaps(self) -> list[str]:
        """A line for each data set of which images were trained on and scored."""
        found = self.state.results.values()
        return overlap_texts(result for results in found for result in results)

    @cached_property
    def rejections(self) -> Counter[str]:
        """How many proposals each limit has rejected."""
        reasons = (p.rejected for p in self.state.record.proposals if p.rejected)
        return Counter(" ".join(reason.split()[:1]).rstrip(":") for reason in reasons)

    @property
    def twins(self) -> int:
        """How many proposals were networks that had been proposed before."""
        return sum(p.same_as is not None for p in self.state.record.proposals)

    def ending(self, proposal: Proposal) -> str:
        """Return what happened to a trial that has no score; empty for one that has."""
        name = proposal.name
        if name in self.stopped:
            stage, fidelity = self.stopped[name], self.state.record.settings.space.fidelity
            step = rung_steps(fidelity, self.state.config(proposal).training)[stage.rung]
            return f"stopped at {step:,} steps: {stage.values[name][0]:.4f}"
        if name in self.ended:
            return self.ended[name]
        return "" if name in self.state.results else "not finished"
