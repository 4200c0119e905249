"""A table of trials in memory: what a folder of Parquet files holds. No torch, no pandas."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from workbench.results import TrialResult, TrialState
from workbench.spaces.space import SpaceFile
from workbench.store.keys import model_hash


@dataclass(frozen=True)
class TrialTable:
    """Trials of one recipe on the same images: networks, each under one or more seeds.

    It holds results as the ledger has them, without what is of one machine only (`usage`), so
    that everything that reads a study's results reads a table's.
    """

    name: str
    results: tuple[TrialResult, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    """By network (a hash of its config, `model_hash`), what its study calls it."""
    space: SpaceFile | None = None
    """Search space that its networks were sampled or proposed from; None for other studies."""
    space_name: str = ""

    @cached_property
    def networks(self) -> dict[str, dict[int, TrialResult]]:
        """By network (a hash of its config), its complete trials by seed."""
        found: dict[str, dict[int, TrialResult]] = {}
        for result in self.results:
            if result.state is TrialState.COMPLETE:
                network = model_hash(result.config.model)
                found.setdefault(network, {})[result.config.seed] = result
        return found
