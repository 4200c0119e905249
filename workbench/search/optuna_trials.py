"""Proposals as finished trials of Optuna."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.search.proposals import Proposal


def optuna_trial(
    proposal: Proposal,
    values: Sequence[float] | None,
    *,
    only: set[str] | None = None,
    pruned: bool = False,
    attributes: Mapping[str, str] | None = None,
) -> Any:
    """Return a frozen trial of Optuna.

    Args:
        proposal: Its parameters and constraints.
        values: Of the objectives; without them the trial is pruned or failed.
        only: Names of the parameters that it has; None for all.
        pruned: Whether it was stopped early.
        attributes: Shown beside it by optuna-dashboard.
    """
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
        user_attrs=dict(attributes or {}),
    )
