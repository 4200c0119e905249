"""Warm start: results of earlier studies that the sampler of a search observes first.

A result counts if the ledger would answer the search's own trial with it: the same network, recipe,
images, seed and code. Whether it came from an ablation or another search does not matter.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.config.overrides import apply_overrides, flat, value_at
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import run_identity
from workbench.results import TrialResult, TrialState
from workbench.search.candidates import excess
from workbench.search.objectives import Objective
from workbench.search.proposals import PriorObservation
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
            above = excess(of_seeds[0].cost, settings.space.limits)
            known.append(combinations[name].model_copy(update={"values": values, "excess": above}))
    return tuple(known)


def baseline_observation(settings: Settings) -> PriorObservation | None:
    """Return the combination of the baseline, without values; None if the space has none for it."""
    reader = _Reader(settings.base)
    try:
        config = apply_overrides(settings.base, settings.space.sample(reader))
    except (_NotInSpaceError, SubsetError, ConfigError):
        return None
    same = run_identity(config) == run_identity(settings.base)
    return as_observation(settings.space, reader.params) if same else None


def _combination(
    settings: Settings, result: TrialResult, hashes: DataHashes
) -> PriorObservation | None:
    """Return a result's combination, without values; None if the search could not propose it."""
    if result.config.seed not in settings.trial_seeds:
        return None
    reader = _Reader(result.config)
    try:
        overrides = settings.space.sample(reader)
        config = apply_overrides(settings.base, overrides)
    except (_NotInSpaceError, SubsetError, ConfigError):
        return None
    config = config.model_copy(update={"seed": result.config.seed})
    if trial_key(config, hashes).trial != result.key:
        return None  # another recipe, other images, or something that the space does not vary
    return as_observation(settings.space, reader.params)


class _NotInSpaceError(Exception):
    """A config has a value that the space does not offer."""


class _Reader:
    """Answers with what a config has, and keeps it as a sampler of Optuna's would."""

    def __init__(self, config: TrialConfig) -> None:
        self._config = config
        self._plain = config.plain()
        self._leaves = dict(flat(self._plain))
        self.params: dict[str, Any] = {}

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        """Return the value that the config has, as the space writes it."""
        has = self._has(name)
        for value in values:
            if _same(has, value):
                self.params[name] = json.dumps(value, sort_keys=True)
                return value
        raise _NotInSpaceError(name)

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        """Return the number that the config has."""
        has = self._has(name)
        if not isinstance(has, int) or has not in range(low, high + 1, step):
            raise _NotInSpaceError(name)
        self.params[name] = has
        return has

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:  # noqa: ARG002
        """Return the number that the config has."""
        has = self._has(name)
        if not isinstance(has, int | float) or not low <= has <= high:
            raise _NotInSpaceError(name)
        self.params[name] = float(has)
        return float(has)

    def _has(self, name: str) -> Any:
        """Return a field, a field of one block (`key@2`), or whether a set has a member."""
        key, at, block = name.partition("@")
        if at:
            return self._config.mdrn.block(int(block)).plain()[key.rpartition(".")[2]]
        if name.endswith("]"):
            key, _, member = name[:-1].partition("[")
            members = value_at(self._plain, key)
            return isinstance(members, list) and member in [str(one) for one in members]
        return self._leaves[name] if name in self._leaves else value_at(self._plain, name)


def _same(has: Any, value: Any) -> bool:
    """Return whether a field has the value of a choice; a kind may stand for its defaults."""
    plain = list(value) if isinstance(value, tuple) else value
    if isinstance(has, dict) and not isinstance(plain, dict):
        return has.get("kind") == plain
    if isinstance(has, dict) and isinstance(plain, dict):
        return all(_same(has.get(key), inner) for key, inner in plain.items())
    return bool(has == plain) and isinstance(has, bool) == isinstance(plain, bool)
