"""Addresses of MLflow's comparison view: path and query, for exactly the runs that are meant."""

import json
import urllib.parse
from collections.abc import Collection, Iterable, Sequence

from workbench.results import TrialState
from workbench.tracking.known_runs import KnownRun
from workbench.tracking.study_view import VIEW_KEY
from workbench.tracking.summary import SUMMARY
from workbench.tracking.superseded import is_superseded

MOST_RUNS = 100
"""The comparison view makes a request for each run."""
_UI_KIND = "workflowType=machine_learning"
"""Without it the UI shows its pages for language models."""


def runs_page(experiment_id: str, *, viewed: bool) -> str:
    """Return the list of an experiment's runs.

    Args:
        experiment_id: MLflow's.
        viewed: Whether the experiment has a state of the page of ours.
    """
    view = f"viewStateShareKey={VIEW_KEY}&" if viewed else ""
    return f"#/experiments/{experiment_id}/runs?{view}{_UI_KIND}"


def trials_address(runs: Sequence[KnownRun], keys: Collection[str] | None = None) -> str | None:
    """Return the comparison of each variant's and seed's newest run, None without runs.

    MLflow compares the last values of curves. So that these are values at the same step, trials
    that have not come to their end are left out if others have.

    Args:
        runs: Of a study, the oldest first; the runs of all seeds are left out.
        keys: Only these trials; None compares all.
    """
    wanted = (
        run
        for run in runs
        if run.seed != SUMMARY
        and (not is_superseded(run.variant) if keys is None else run.key in keys)
    )
    newest = _newest(wanted)
    return _address([run for run in newest if run.state == TrialState.COMPLETE] or newest)


def summaries_address(runs: Sequence[KnownRun]) -> str | None:
    """Return the comparison of the runs of all seeds, one for each variant."""
    return _address(_newest(run for run in runs if run.seed == SUMMARY))


def runs_address(runs: Sequence[KnownRun]) -> str | None:
    """Return the comparison of these runs, whatever their studies."""
    return _address(runs)


def _newest(runs: Iterable[KnownRun]) -> list[KnownRun]:
    return list({(run.variant, run.seed): run for run in runs}.values())


def _address(runs: Sequence[KnownRun]) -> str | None:
    shown = runs[-MOST_RUNS:]
    if not shown:
        return None
    experiments = list(dict.fromkeys(run.experiment_id for run in shown))
    ids = _quoted([run.run_id for run in shown])
    return f"#/compare-runs?runs={ids}&experiments={_quoted(experiments)}&{_UI_KIND}"


def _quoted(values: list[str]) -> str:
    return urllib.parse.quote(json.dumps(values, separators=(",", ":")), safe="")
