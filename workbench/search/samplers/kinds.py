"""Optuna's samplers by the names of ours, and how they are made.

Imports Optuna late, so that the names are there without it.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.search.samplers.observations import Entry

POPULATION = 16
"""Networks of a generation of NSGA-II and NSGA-III; Optuna's default, 50, is a whole search."""
CLASSES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "tpe": ("TPESampler", {}),
    "nsga2": ("NSGAIISampler", {"population_size": POPULATION}),
    "nsga3": ("NSGAIIISampler", {"population_size": POPULATION}),
    "gp": ("GPSampler", {"deterministic_objective": False}),
    "random": ("RandomSampler", {}),
}
"""Class of `optuna.samplers` and its arguments, by the name of the sampler."""
SEEDS = 2**32
"""Optuna's samplers take seeds below."""
GENETIC = ("nsga2", "nsga3")
"""Samplers that propose in generations."""


def make_kind(name: str, seed: int, good: Callable[[int], int]) -> Any:
    """Return a sampler of Optuna.

    Args:
        name: A key of `CLASSES`.
        seed: From 0 to below `SEEDS`.
        good: For TPE, from how many trials are finished to how many of them count as good.
    """
    import optuna

    kind, fixed = CLASSES[name]
    more = {"gamma": good} if name == "tpe" else {}
    with warnings.catch_warnings():  # optuna says of some that they are experimental
        warnings.simplefilter("ignore")
        return getattr(optuna.samplers, kind)(seed=seed, **fixed, **more)


def make_limited_gp(seed: int, entries: Sequence[Entry], trials: Sequence[Any]) -> Any:
    """Return Optuna's Gaussian process with what is known of the limits.

    Args:
        seed: From 0 to below `SEEDS`.
        entries: All that a sampler has observed or proposed.
        trials: Frozen trials of Optuna, one for each entry.
    """
    from optuna.trial import TrialState

    from workbench.search.samplers.limited_gp import Counted, LimitedGPSampler

    counted = [
        # Complete trials have all constraints in the study, so that they have them here.
        Counted(t.params, t.constraints if t.state == TrialState.COMPLETE else e.constraint_values)
        for t, e in zip(trials, entries, strict=True)
    ]
    return LimitedGPSampler(counted, seed=seed, **CLASSES["gp"][1])
