"""A combination of a space as Optuna keeps it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.search.proposals import PriorObservation
from workbench.spaces.space import SpaceFile


def as_observation(space: SpaceFile, params: Mapping[str, Any]) -> PriorObservation:
    """Return a combination as a sampler keeps it.

    Args:
        space: That it is one of.
        params: Every value by its name; values of any kind as their JSON.
    """
    import optuna

    trial = optuna.trial.FixedTrial(dict(params))
    space.sample(TrialSuggest(trial))
    to_json = optuna.distributions.distribution_to_json
    return PriorObservation(
        params=trial.params, distributions={k: to_json(d) for k, d in trial.distributions.items()}
    )


class TrialSuggest:
    """Suggests values by a trial of Optuna, which can keep values of any kind as their JSON."""

    def __init__(self, trial: Any) -> None:
        """Suggest by a trial.

        Args:
            trial: Of Optuna.
        """
        self._trial = trial

    def choice(self, name: str, values: Sequence[Any]) -> Any:
        """Suggest one of the values."""
        by_label = {json.dumps(value, sort_keys=True): value for value in values}
        return by_label[self._trial.suggest_categorical(name, list(by_label))]

    def integer(self, name: str, low: int, high: int, step: int) -> int:
        """Suggest a whole number."""
        return int(self._trial.suggest_int(name, low, low + (high - low) // step * step, step=step))

    def floating(self, name: str, low: float, high: float, step: float | None, log: bool) -> float:
        """Suggest a number."""
        return float(self._trial.suggest_float(name, low, high, step=step, log=log))
