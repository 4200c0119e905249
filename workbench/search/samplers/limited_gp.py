"""Optuna's Gaussian process under hard limits, whose costs are known of what is never trained.

Optuna models scores and constraints from the same trials, the complete ones. Under a hard limit
rejected combinations have no score, so they would teach the process nothing; with a made-up score
they would teach it something false. Here the score is modelled from what was trained, and each
limit from all combinations that were counted.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.samplers import GPSampler

STARTUP, LEAST_WITHIN = 10, 5
"""Combinations that are drawn at random before the first that is modelled (Optuna's default), and
how many of them are within the limits at least."""
MOST_COUNTED = 150
"""Each limit is modelled from at most this many networks within it and as many above it, the latest
ones: with 800 in all a proposal takes 10 s."""
LEAST_COST = 1e-6
"""Smaller costs are modelled as this share of their limit."""


@dataclass(frozen=True)
class Counted:
    """A combination whose cost is known."""

    params: Mapping[str, Any]
    """Values by name, as Optuna keeps them."""
    constraint_values: Mapping[str, float]
    """By limit, how far from it, as a share of the limit: at most 0 is within it."""

    @property
    def within(self) -> bool:
        """Whether it is within all limits that it was counted for."""
        return all(value <= 0 for value in self.constraint_values.values())


class LimitedGPSampler(GPSampler):
    """Maximizes the expected improvement times the probability of being within the limits."""

    def __init__(self, counted: Sequence[Counted], **arguments: Any) -> None:
        """Start with what is known of the limits.

        Args:
            counted: Combinations, of which each complete trial of the study is one.
            arguments: Of `GPSampler`.
        """
        above = sum(not one.within for one in counted)
        super().__init__(n_startup_trials=max(LEAST_WITHIN, STARTUP - above), **arguments)
        self._counted = counted
        self._names: set[str] = set()

    def sample_relative(
        self, study: Any, trial: Any, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        """Return values of the parameters of `search_space`, those of all complete trials."""
        self._names = set(search_space)
        # Optuna divides 0 by 0 where one point is far better than all others, and starts from it.
        with np.errstate(invalid="ignore"):
            return super().sample_relative(study, trial, search_space)

    def _get_constraints_acqf_args(
        self,
        constraint_vals: Any,  # noqa: ARG002
        internal_search_space: Any,
        normalized_params: Any,  # noqa: ARG002
    ) -> tuple[list[Any], list[float]]:
        """Return a process for each limit, and the value of its output at the limit.

        The arguments are of the complete trials; in their place it uses all that were counted. The
        logarithm of a cost is modelled: costs are products of sizes.
        """
        usable = [one for one in self._counted if self._names <= set(one.params)]
        models: list[Any] = []
        thresholds: list[float] = []
        # Complete trials have all limits, so there is at least one.
        for limit in sorted({name for one in usable for name in one.constraint_values}):
            known = _latest([one for one in usable if limit in one.constraint_values], limit)
            points = internal_search_space.get_normalized_params(known, [k.params for k in known])
            shares = [max(LEAST_COST, 1 + one.constraint_values[limit]) for one in known]
            # Optuna starts the next fit from what it keeps here, which is of another limit.
            self._constraints_gprs_cache_list = None
            (model,), (threshold,) = super()._get_constraints_acqf_args(
                np.array([[math.log(share)] for share in shares]), internal_search_space, points
            )
            models.append(model)
            thresholds.append(threshold)
        return models, thresholds


def _latest(counted: Sequence[Counted], limit: str) -> list[Counted]:
    """Return the latest that are within a limit, and the latest above it."""
    within = [one for one in counted if one.constraint_values[limit] <= 0]
    above = [one for one in counted if one.constraint_values[limit] > 0]
    return within[-MOST_COUNTED:] + above[-MOST_COUNTED:]
