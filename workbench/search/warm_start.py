"""Warm start: results of earlier studies that the sampler of a search observes first.

A result counts if the ledger would answer the search's own trial with it: the same network, recipe,
images, seed and code. Whether it came from an ablation or another search does not matter.
"""

import json
from collections.abc import Iterable, Sequence

from workbench.errors import ConfigError
from workbench.execution.plan import run_identity
from workbench.results import TrialResult, TrialState
from workbench.search.candidates import excess_and_slack
from workbench.search.objectives import Objective
from workbench.search.proposals import PriorObservation
from workbench.search.reading import ConfigReader, NotInSpaceError
from workbench.search.record import Settings
from workbench.search.samplers.suggesting import as_observation
from workbench.spaces.dimensions import SubsetError
from workbench.store.keys import DataHashes, trial_key


def prior_observations(
    settings: Settings,
    objectives: Sequence[Objective],
    results: Iterable[TrialResult],
    hashes: DataHashes,
) -> tuple[PriorObservation, ...]:
    """Return the combinations of a space that have their score already, under every seed.

    Args:
        settings: Of the search.
        objectives: Of the search.
        results: All that a ledger holds.
        hashes: Of the images of the search.
    """
    found: dict[str, dict[int, TrialResult]] = {}
    combinations: dict[str, PriorObservation] = {}
    for result in results:
        if result.state is not TrialState.COMPLETE:
            continue
        combination = _combination(settings, result, hashes)
        if combination is not None:
            name = json.dumps(combination.params, sort_keys=True)
            combinations[name] = combination
            found.setdefault(name, {})[result.config.seed] = result
    known = []
    for name in sorted(found):
        if set(found[name]) >= set(settings.trial_seeds):
            of_seeds = [found[name][seed] for seed in settings.trial_seeds]
            values = tuple(objective.value(of_seeds) for objective in objectives)
            limited = excess_and_slack(of_seeds[0].cost, settings.space.limits)
            known.append(combinations[name].model_copy(update={"values": values, **limited}))
    return tuple(known)


def baseline_observation(settings: Settings) -> PriorObservation | None:
    """Return the combination of the baseline, without values; None if the space has none for it."""
    reader = ConfigReader(settings.base)
    try:
        config = settings.trial(settings.space.sample(reader))
    except (NotInSpaceError, SubsetError, ConfigError):
        return None
    same = run_identity(config) == run_identity(settings.base)
    return as_observation(settings.space, reader.params) if same else None


def _combination(
    settings: Settings, result: TrialResult, hashes: DataHashes
) -> PriorObservation | None:
    """Return a result's combination, without values; None if the search could not propose it."""
    if result.config.seed not in settings.trial_seeds:
        return None
    reader = ConfigReader(result.config)
    try:
        config = settings.trial(settings.space.sample(reader))
    except (NotInSpaceError, SubsetError, ConfigError):
        return None
    config = config.model_copy(update={"seed": result.config.seed})
    if trial_key(config, hashes).trial != result.key:
        return None  # another recipe, other images, or something that the space does not vary
    return as_observation(settings.space, reader.params)
