"""A sampler whose proposals are replaced by the nearest networks of a table."""

from collections.abc import Sequence

from workbench.config.overrides import apply_overrides
from workbench.errors import ConfigError
from workbench.search.proposals import PriorObservation, Proposal, params_key
from workbench.search.reading import ConfigReader, NotInSpaceError
from workbench.search.samplers.sampler import Sampler
from workbench.search.samplers.suggesting import as_observation
from workbench.search.simulation.nearest import NearestNetworks
from workbench.search.simulation.networks import SearchedTable
from workbench.spaces.dimensions import SubsetError


class TableSampler(Sampler):
    """Proposes the networks of a table that are nearest to what another sampler proposes.

    That sampler observes the network of the table: it learns from what was trained, and knows
    nothing of its own proposal. Each network is proposed once.
    """

    never_gives_up = True

    def __init__(self, inner: Sampler, searched: SearchedTable, seed: int) -> None:
        """Start with all networks but the baseline, which every search has first.

        Args:
            inner: Proposes combinations of the whole space, and has observed nothing.
            searched: The table.
            seed: Of the draws between equally near networks.
        """
        self._inner = inner
        self._searched = searched
        self._nearest = NearestNetworks(searched.networks, seed)
        if searched.baseline is not None:
            self._nearest.remove(searched.baseline)

    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal | None:
        """Return the network that is nearest to the next combination, None if none is left.

        Raises:
            SubsetError: If a subset came out smaller than it must be; the number is used up.
        """
        if not len(self._nearest):
            return None
        proposal = self._inner.propose(number, batch, at_random=at_random)
        if proposal is None:
            return None
        labelled = self._labelled(proposal)
        if labelled is None:
            return proposal  # it cannot be built, and is rejected as in any search
        found = self._nearest.take(labelled.params, labelled.distributions, number)
        if params_key(found.params) == params_key(labelled.params):
            return proposal
        changes = {
            "overrides": dict(found.overrides),
            "params": dict(found.params),
            "distributions": dict(found.distributions),
        }
        nearest = proposal.model_copy(update=changes)
        self._inner.add_proposed(nearest, at_random=False)
        return nearest

    def add_prior(self, known: PriorObservation) -> None:
        """Report the baseline's score."""
        self._inner.add_prior(known)

    def add_counted(self, proposal: Proposal) -> None:
        """Report what a network of the table costs."""
        self._inner.add_counted(proposal)

    def add_running(self, proposal: Proposal) -> None:
        """Report that a candidate trains again."""
        self._inner.add_running(proposal)

    def add_observation(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Report what came of a network of the table."""
        self._inner.add_observation(proposal, values)

    def add_passed(self, number: int, step: int, values: Sequence[float]) -> None:
        """Report the values of a candidate at a rung that it survived."""
        self._inner.add_passed(number, step, values)

    def add_stopped(self, number: int, step: int, values: Sequence[float]) -> None:
        """Report that a candidate was stopped early."""
        self._inner.add_stopped(number, step, values)

    def _labelled(self, proposal: Proposal) -> PriorObservation | None:
        """Return a proposal as Optuna keeps it; a grid has no such values of its own."""
        if proposal.params:
            return PriorObservation(params=proposal.params, distributions=proposal.distributions)
        space = self._searched.space
        try:
            reader = ConfigReader(apply_overrides(self._searched.base, proposal.overrides))
            space.sample(reader)
        except (ConfigError, NotInSpaceError, SubsetError):
            return None
        return as_observation(space, reader.params)
