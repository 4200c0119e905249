"""The networks of a table as a search space has them, with what each scored under each seed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.config.network import Network, named_network
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, WorkbenchError
from workbench.results import Cost, TrialResult
from workbench.search.candidates import exceeded_limit
from workbench.search.objectives import Objective
from workbench.search.reading import ConfigReader, NotInSpaceError
from workbench.search.samplers.suggesting import as_observation
from workbench.spaces.dimensions import SubsetError
from workbench.spaces.space import Limits, SpaceFile
from workbench.store.keys import model_hash
from workbench.tables.table import TrialTable


@dataclass(frozen=True)
class TableNetwork:
    """A network of a table that a search space can express."""

    name: str
    """What its study calls it; the beginning of its hash if nothing does."""
    network: str
    """Hash of its config."""
    overrides: Mapping[str, Any]
    """Its combination of the space, as changes of the base."""
    params: Mapping[str, Any]
    """The same as a sampler keeps it: values by the name of the dimension."""
    distributions: Mapping[str, str]
    """Their distributions by name, as Optuna's JSON."""
    results: Mapping[int, TrialResult]
    """By seed."""
    scores: Mapping[int, float]
    """The objective at the end of the training, by seed."""

    @cached_property
    def quality(self) -> float:
        """Mean of the objective over all seeds: what a search ought to find."""
        return sum(self.scores.values()) / len(self.scores)

    @property
    def cost(self) -> Cost:
        """What the network costs."""
        return next(iter(self.results.values())).cost

    def is_within(self, limits: Limits) -> bool:
        """Return whether a search with these limits may pick it."""
        return not exceeded_limit(self.cost, limits)


@dataclass(frozen=True)
class SearchedTable:
    """A table as a search meets it: a base, a space, and networks whose scores are known."""

    table: TrialTable
    space: SpaceFile
    space_name: str
    base: TrialConfig
    """Trial 0 of every search, under the first seed."""
    objective: Objective
    seeds: tuple[int, ...]
    """Under each of which every network was trained."""
    networks: tuple[TableNetwork, ...]
    """Those that the space can express, and the baseline if the table has it."""
    baseline: TableNetwork | None
    """The network that the dimensions change; None if the table does not have it."""
    outside_space: int = 0
    """Networks of the table that are left out because the space cannot express them."""
    without_seeds: int = 0
    """Networks of the table that are left out because they lack a trial under one of the seeds."""

    @property
    def steps(self) -> int:
        """Training steps of one trial."""
        return self.base.training.total_steps()

    @cached_property
    def costs(self) -> dict[Network, Cost]:
        """What each network costs, by its config as candidates have it."""
        return {apply_overrides(self.base, n.overrides).model: n.cost for n in self.networks}

    def within(self) -> tuple[TableNetwork, ...]:
        """Return the networks within the limits of the space."""
        return tuple(one for one in self.networks if one.is_within(self.space.limits))

    def most_trials(self) -> int:
        """Return how many networks a search can train: those within the limits, and trial 0."""
        within = self.within()
        above = self.baseline is not None and self.baseline not in within
        return len(within) + above

    def best(self) -> TableNetwork:
        """Return the network of the highest quality within the limits."""
        return max(self.within(), key=lambda one: one.quality)


def searched_table(
    table: TrialTable, space: SpaceFile, space_name: str, objective: Objective
) -> SearchedTable:
    """Return a table as searches of a space meet it.

    Args:
        table: Trials of one recipe on the same images.
        space: What may vary; its limits are those of the searches.
        space_name: What messages call it.
        objective: A score.

    Raises:
        ConfigError: If the space varies something other than the network, or limits the latency.
        WorkbenchError: If the table has no complete trial, no learning curves, no score of the
            objective, or fewer than two networks that the space can express within its limits.
    """
    _check_space(space, space_name)
    networks = table.networks
    if not networks:
        raise WorkbenchError(f"{table.name}: the table has no complete trial")
    seeds = _seeds(networks)
    first = next(iter(next(iter(networks.values())).values())).config
    changes = {"model": named_network(space.base), "seed": seeds[0]}
    base = first.model_copy(update=changes)
    whole = {name: of for name, of in networks.items() if set(seeds) <= set(of)}
    found = [
        made
        for name, of in whole.items()
        if (made := _network(table, name, {s: of[s] for s in seeds}, space, base, objective))
    ]
    known = model_hash(base.model)
    searched = SearchedTable(
        table=table,
        space=space,
        space_name=space_name,
        base=base,
        objective=objective,
        seeds=seeds,
        networks=tuple(found),
        baseline=next((one for one in found if one.network == known), None),
        outside_space=len(whole) - len(found),
        without_seeds=len(networks) - len(whole),
    )
    _check_networks(searched)
    return searched


def _check_space(space: SpaceFile, name: str) -> None:
    other = [key for key in space.dimensions if not key.startswith("model.")]
    if other:
        raise ConfigError(
            f"--space {name} varies {', '.join(other)}, and the networks of a table share one "
            "recipe; a space for `search simulate` varies fields of model only"
        )
    if space.limits.latency_ms is not None:
        raise ConfigError(
            f"latency_ms <= {space.limits.latency_ms:g} cannot be simulated: searches measure the "
            "latency on their machine, and a table has that of another one"
        )


def _check_networks(found: SearchedTable) -> None:
    name, space = found.table.name, found.space_name
    if not found.networks:
        raise WorkbenchError(
            f"{name}: none of the table's {found.outside_space + found.without_seeds:,} networks "
            f"is in the space {space}"
        )
    count = len(found.within())
    if count < 2:
        raise WorkbenchError(
            f"{name}: a search needs at least 2 networks of the space {space} within its limits, "
            f"the table has {count}"
        )


def _seeds(networks: Mapping[str, Mapping[int, TrialResult]]) -> tuple[int, ...]:
    """Return the seeds that give the most scores, each of them of the same networks."""
    sets = Counter(frozenset(of) for of in networks.values())
    scores = {one: len(one) * sum(n for s, n in sets.items() if one <= s) for one in sets}
    best = max(scores, key=lambda one: (scores[one], len(one), [-seed for seed in sorted(one)]))
    return tuple(sorted(best))


def _network(
    table: TrialTable,
    network: str,
    results: Mapping[int, TrialResult],
    space: SpaceFile,
    base: TrialConfig,
    objective: Objective,
) -> TableNetwork | None:
    """Return a network by its combination of the space; None if the space cannot express it."""
    config = next(iter(results.values())).config
    name = table.name_of(network)
    if network == model_hash(base.model):
        # Trial 0: it has no combination of its own where the space leaves it out.
        overrides, params = _combination(space, base, config) or ({}, {})
    else:
        found = _combination(space, base, config)
        if found is None:
            return None
        overrides, params = found
    known = as_observation(space, params) if params else None
    for result in results.values():
        _check_result(result, objective, name)
    scores = {seed: objective.value([result]) for seed, result in results.items()}
    distributions = known.distributions if known else {}
    return TableNetwork(name, network, overrides, params, distributions, results, scores)


def _combination(
    space: SpaceFile, base: TrialConfig, config: TrialConfig
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the overrides and the values of a config's combination; None if there is none."""
    reader = ConfigReader(config)
    try:
        overrides = space.sample(reader)
        built = apply_overrides(base, overrides)
    except (NotInSpaceError, SubsetError, ConfigError):
        return None
    same = model_hash(built.model) == model_hash(config.model)
    return (overrides, reader.params) if same else None


def _check_result(result: TrialResult, objective: Objective, name: str) -> None:
    """Refuse a trial that lacks what a search would see of it.

    Raises:
        WorkbenchError: If it has no learning curve, or no score of the objective.
    """
    where = f"{name} seed {result.config.seed}"
    if not result.curve:
        raise WorkbenchError(f"{where}: a search needs its learning curve, the table has none")
    dataset, slash, _ = objective.name.rpartition("/")
    if slash and result.score(dataset) is None:
        raise WorkbenchError(f"--objective {objective.name}: {where} has no scores on {dataset}")


def datasets_of(table: TrialTable) -> Sequence[str]:
    """Return the benchmarks of a table, in the order in which they are found."""
    return list(dict.fromkeys(s.dataset for result in table.results for s in result.scores))
