"""What `workbench ablate` prints at its end."""

from typing import Any

from workbench.ablation.path import AblationPath
from workbench.analysis.baseline import below_bicubic
from workbench.analysis.comparison import Comparison
from workbench.cli.comparison_table import print_comparison
from workbench.cli.console import note, print_json
from workbench.cli.path_table import print_path, print_shapley
from workbench.cli.training_table import note_trends
from workbench.experiments.ablation import AblationOutcome, total_name
from workbench.experiments.run_context import RunContext
from workbench.experiments.views import compare_text
from workbench.reporting.json_data import attribution_to_dict, comparison_to_dict


def print_outcome(outcome: AblationOutcome, context: RunContext, *, as_json: bool) -> None:
    """Print what was found, as tables or as JSON.

    Args:
        outcome: What was found.
        context: Its store and MLflow, which the note after a study names.
        as_json: Print JSON, and nothing else.
    """
    if as_json:
        print_json(_outcome_to_dict(outcome))
        return
    print_where(outcome.reused, outcome.trials, context, in_mlflow=outcome.in_mlflow)
    if outcome.path is None:
        print_comparison(outcome.comparison)
        note_trends(outcome.comparison, outcome.results)
    elif outcome.shapley is None:
        print_path(outcome.comparison, outcome.path.order, total_name(outcome.path))
    else:
        assert outcome.attribution is not None
        assert outcome.networks is not None
        print_shapley(outcome.attribution, outcome.comparison, outcome.shapley, outcome.networks)


def print_where(reused: int, trials: int, context: RunContext, *, in_mlflow: bool) -> None:
    """Print how many trials were finished before, and which command shows them in MLflow."""
    note(f"{reused} of {trials} trials were finished before")
    if in_mlflow:
        note(compare_text(context.store, context.tracking_uri))


def _outcome_to_dict(outcome: AblationOutcome) -> dict[str, Any]:
    """Return a study as plain data with units in the keys."""
    found: dict[str, Any] = {"study": outcome.study}
    if outcome.path is not None:
        found["path"] = _path_to_dict(outcome.path)
    if outcome.shapley is not None:
        attribution = outcome.attribution
        assert attribution is not None
        found["shapley"] = {
            "orders": outcome.shapley.orders,
            "exact": outcome.shapley.exact,
            "seeds": list(attribution.seeds),
            "alpha": attribution.rule.alpha,
            "margin_db": attribution.rule.margin_db,
            "components": attribution_to_dict(attribution),
        }
    found |= comparison_to_dict(outcome.comparison)
    taken = {arm.name: arm.taken.plain() for arm in outcome.plan.arms if arm.taken}
    if taken:
        found["taken"] = taken
    if outcome.networks is not None:
        found["below_bicubic_db"] = _below_bicubic(outcome.networks)
    return found


def _below_bicubic(networks: Comparison) -> dict[str, dict[str, float]]:
    """Return by how much each network of a path is below bicubic, in dB, by data set."""
    return {name: below_bicubic(networks, name) for name in networks.bicubic}


def _path_to_dict(path: AblationPath) -> dict[str, Any]:
    return {"from": path.start_name, "to": path.end_name, "order": list(path.order)}
