"""A search as a study of Optuna, for optuna-dashboard."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from workbench.reporting.search_texts import proposal_text
from workbench.search.objectives import Objective
from workbench.search.optuna_trials import optuna_trial
from workbench.search.samplers.quiet_optuna import quiet_optuna
from workbench.search.state import SearchState


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
        values = state.values(objectives)
        stopped, ended = state.record.stopped(), state.record.failures()
        study.add_trials(
            [
                optuna_trial(
                    proposal,
                    values.get(proposal.name),
                    pruned=proposal.name in stopped,
                    attributes={
                        "workbench.trial": proposal.name,
                        "workbench.note": proposal.rejected or ended.get(proposal.name, ""),
                        "workbench.what": proposal_text(proposal),
                    },
                )
                for proposal in state.record.proposals
            ]
        )
    finally:
        storage.remove_session()
        storage.engine.dispose()
