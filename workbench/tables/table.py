"""A table of trials in memory: what a folder of Parquet files holds. No torch, no pandas."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from workbench.proxies.kinds import ProxyValue
from workbench.results import TrialResult, TrialState
from workbench.spaces.space import SpaceFile
from workbench.store.keys import model_hash
from workbench.tables.latency import NetworkLatency

_HASH_LETTERS = 12
"""Of a network's hash, where it has no name."""


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
    studies: tuple[str, ...] = ()
    """Names of the studies and searches that its trials are from."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Content hash of each set of images, by use and name such as `benchmark Set5`; empty if it is
    not known."""
    licence: str = ""
    """What the user states of the licence of the images; empty if nothing is stated."""
    latencies: tuple[NetworkLatency, ...] = ()
    proxies: tuple[ProxyValue, ...] = ()
    """Of the initial weights of its networks."""

    @cached_property
    def networks(self) -> dict[str, dict[int, TrialResult]]:
        """By network (a hash of its config), its complete trials by seed."""
        found: dict[str, dict[int, TrialResult]] = {}
        for result in self.results:
            if result.state is TrialState.COMPLETE:
                network = model_hash(result.config.model)
                found.setdefault(network, {})[result.config.seed] = result
        return found

    def name_of(self, network: str) -> str:
        """Return what tables call a network: its study's name for it, or the start of its hash."""
        return self.names.get(network, network[:_HASH_LETTERS])

    @property
    def arms(self) -> dict[str, list[TrialResult]]:
        """Its trials by name of the network, in the order of the table; diverged ones, too."""
        found: dict[str, list[TrialResult]] = {}
        for result in self.results:
            found.setdefault(self.name_of(model_hash(result.config.model)), []).append(result)
        return found
