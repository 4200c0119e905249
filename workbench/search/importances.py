"""Hyper-parameter importance: how much each dimension of a space matters for an objective."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.search.objectives import Objective
from workbench.search.optuna_trials import optuna_trial
from workbench.search.record import Proposal
from workbench.search.samplers.quiet_optuna import quiet_optuna

FEWEST = 8
"""Networks that importances need at least."""
MOST_EXPLAINED = 400
"""Networks for fANOVA: its time grows with their square, and more change little."""


@quiet_optuna()
def importances(
    proposals: Sequence[Proposal], values: Mapping[str, float], objective: Objective
) -> dict[str, dict[str, float]]:
    """Return the importance of each dimension for an objective, by method, in 0..1.

    PED-ANOVA measures what sets the better networks apart, fANOVA what explains the variance; of
    more than `MOST_EXPLAINED` networks fANOVA sees every second, or third, and so on.
    Only dimensions that all networks have are measured. Empty for fewer than `FEWEST` networks.

    Args:
        proposals: Of the search.
        values: Of the objective, by name of the proposal.
        objective: Which way is better.
    """
    import optuna

    known = [p for p in proposals if p.name in values and p.params]
    common = set.intersection(*(set(p.params) for p in known)) if known else set()
    common = {name for name in common if len({repr(p.params[name]) for p in known}) > 1}
    if len(known) < FEWEST or not common:
        return {}
    # PED-ANOVA takes low values for good ones, whatever the direction of the study.
    sign = -1.0 if objective.direction == "maximize" else 1.0
    every = -(-len(known) // MOST_EXPLAINED)
    methods: dict[str, tuple[Any, Sequence[Proposal]]] = {
        "PED-ANOVA": (optuna.importance.PedAnovaImportanceEvaluator(), known),
        "fANOVA": (optuna.importance.FanovaImportanceEvaluator(seed=0), known[::every]),
    }
    found = {}
    for name, (evaluator, measured) in methods.items():
        study = optuna.create_study(direction="minimize")
        study.add_trials(
            [optuna_trial(one, [sign * values[one.name]], only=common) for one in measured]
        )
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
        found[name] = {key: float(share) for key, share in shares.items()}
    return found
