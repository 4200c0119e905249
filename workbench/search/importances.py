"""Hyper-parameter importance: how much each dimension of a space matters for an objective."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.search.objectives import Objective
from workbench.search.optuna_trials import optuna_trial
from workbench.search.proposals import Proposal
from workbench.search.samplers.quiet_optuna import quiet_optuna

FEWEST = {"PED-ANOVA": 60, "fANOVA": 24}
"""Networks that a method needs at least; of fewer its shares are mostly noise."""
MOST_EXPLAINED = 400
"""Networks for fANOVA: its time grows with their square, and more change little."""
ALPHA = 0.05
"""The chance that any dimension stands out, if none matters."""


@dataclass(frozen=True)
class Importance:
    """How much a dimension matters by one method."""

    share: float
    """0..1; the shares of a method add up to 1, whether or not anything matters."""
    p: float
    """Of the permutation test, for all dimensions together; see `statistics/noise.py`."""

    @property
    def stands_out(self) -> bool:
        """Whether the dimension is told from noise."""
        return self.p <= ALPHA


@quiet_optuna()
def importances(
    proposals: Sequence[Proposal], values: Mapping[str, float], objective: Objective
) -> dict[str, dict[str, Importance]]:
    """Return the importance of each dimension for an objective, by method.

    PED-ANOVA measures what sets the better networks apart, fANOVA what explains the variance; of
    more than `MOST_EXPLAINED` networks fANOVA sees every second, or third, and so on.
    Only dimensions that all networks have are measured. A method that would need more networks
    (`FEWEST`) is left out.

    Args:
        proposals: Of the search.
        values: Of the objective, by name of the proposal.
        objective: Which way is better.
    """
    known = [p for p in proposals if p.name in values and p.params]
    common = set.intersection(*(set(p.params) for p in known)) if known else set()
    common = {name for name in common if len({repr(p.params[name]) for p in known}) > 1}
    if not common:
        return {}
    sign = -1.0 if objective.direction == "minimize" else 1.0
    scores = {p.name: sign * values[p.name] for p in known}
    return {
        method: _measured(method, known, scores, common)
        for method, fewest in FEWEST.items()
        if len(known) >= fewest
    }


def _measured(
    method: str, known: Sequence[Proposal], scores: Mapping[str, float], common: set[str]
) -> dict[str, Importance]:
    """Return shares and p by dimension, the largest share first; higher scores are better."""
    import optuna

    from workbench.statistics.noise import good_ones_ps, main_effect_ps

    every = -(-len(known) // MOST_EXPLAINED) if method == "fANOVA" else 1
    evaluators: dict[str, Any] = {
        "PED-ANOVA": optuna.importance.PedAnovaImportanceEvaluator,
        "fANOVA": lambda: optuna.importance.FanovaImportanceEvaluator(seed=0),
    }
    # PED-ANOVA takes low values for good ones, whatever the direction of the study.
    study = optuna.create_study(direction="minimize")
    study.add_trials([optuna_trial(p, [-scores[p.name]], only=common) for p in known[::every]])
    shares = optuna.importance.get_param_importances(study, evaluator=evaluators[method]())
    test = good_ones_ps if method == "PED-ANOVA" else main_effect_ps
    chosen = {name: [p.params[name] for p in known] for name in sorted(common)}
    ps = test(chosen, [scores[p.name] for p in known])
    return {name: Importance(float(share), ps[name]) for name, share in shares.items()}
