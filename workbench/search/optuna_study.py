"""A search as a study of Optuna's: for its measures of importance, and for optuna-dashboard."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.search.objectives import Objective
from workbench.search.quiet_optuna import quiet_optuna
from workbench.search.record import Proposal
from workbench.search.state import SearchState
from workbench.search.wording import proposal_text

FEWEST = 8
"""Networks from which on importances are worth anything."""
MOST_EXPLAINED = 400
"""Networks for fANOVA: its time grows with their square, and more change little."""


@quiet_optuna()
def importances(
    proposals: Sequence[Proposal], values: Mapping[str, float], objective: Objective
) -> dict[str, dict[str, float]]:
    """Return how much each dimension matters for an objective, by method.

    PED-ANOVA asks what sets the better networks apart, fANOVA what explains all of the variance;
    of more than `MOST_EXPLAINED` networks it sees every second, or third, and so on.
    Only dimensions that all networks have are measured.

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
        study.add_trials([_trial(one, [sign * values[one.name]], only=common) for one in measured])
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
        found[name] = {key: float(share) for key, share in shares.items()}
    return found


@quiet_optuna()
def write_study(state: SearchState, objectives: Sequence[Objective], path: Path) -> None:
    """Write a search as a study into a new SQLite file, which optuna-dashboard opens.

    Scored networks are complete, stopped ones pruned, rejected and failed ones failed, each with
    the search's name for it and what happened as attributes; rejected ones also with how far they
    are above the limits, as constraints.

    Args:
        state: The search.
        objectives: Of it.
        path: Does not exist yet.
    """
    import optuna

    directions = [objective.direction for objective in objectives]
    storage = optuna.storages.RDBStorage(f"sqlite:///{path.absolute()}")
    try:
        study = optuna.create_study(
            storage=storage, study_name=state.record.name, directions=directions
        )
        with warnings.catch_warnings():  # optuna says that names are experimental
            warnings.simplefilter("ignore")
            study.set_metric_names([objective.name for objective in objectives])
        values, stopped = state.values(objectives), state.record.stopped()
        study.add_trials(
            [
                _trial(
                    proposal,
                    values.get(proposal.name),
                    pruned=proposal.name in stopped,
                    note=proposal.rejected or state.record.ended().get(proposal.name, ""),
                )
                for proposal in state.record.proposals
            ]
        )
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _trial(
    proposal: Proposal,
    values: Sequence[float] | None,
    *,
    only: set[str] | None = None,
    pruned: bool = False,
    note: str = "",
) -> Any:
    """Return a trial of Optuna's; without values it is pruned or failed."""
    from optuna.distributions import json_to_distribution
    from optuna.trial import TrialState, create_trial

    kept = {name for name in proposal.params if only is None or name in only}
    state = TrialState.PRUNED if pruned else TrialState.FAIL
    return create_trial(
        state=state if values is None else TrialState.COMPLETE,
        values=None if values is None else list(values),
        params={name: proposal.params[name] for name in kept},
        distributions={name: json_to_distribution(proposal.distributions[name]) for name in kept},
        constraints=proposal.excess or None,
        user_attrs={
            "workbench.trial": proposal.name,
            "workbench.note": note,
            "workbench.what": proposal_text(proposal),
        },
    )
