"""What `workbench ablate` prints at its end."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.ablation.path import AblationPath
from workbench.ablation.shapley import ShapleyPlan
from workbench.analysis.attribution import attribute, attribution_as_plain
from workbench.analysis.comparison import compare
from workbench.cli.ablate_request import Request
from workbench.cli.comparison_table import print_comparison
from workbench.cli.console import print_json
from workbench.cli.path_table import print_path, print_shapley
from workbench.reporting.baseline import shortfalls
from workbench.reporting.plain import as_plain
from workbench.results import TrialResult
from workbench.statistics.decision_rule import DecisionRule

Results = Mapping[str, Sequence[TrialResult]]
"""Results by arm, in the order of the seeds."""


def report(request: Request, results: Results, rule: DecisionRule, *, as_json: bool) -> None:
    """Print what was found, as tables or as JSON.

    Raises:
        WorkbenchError: If there is nothing to compare.
    """
    if request.path is None:
        questions = {arm.name: arm.question for arm in request.plan.arms}
        plan = request.plan
        comparison = compare(results, questions, plan.against, rule, plan.effects)
        if as_json:
            print_json({"study": request.plan.study} | as_plain(comparison))
        else:
            print_comparison(comparison)
    elif request.shapley is None:
        _report_path(request, request.path, results, rule, as_json=as_json)
    else:
        _report_shapley(request, request.shapley, results, rule, as_json=as_json)


def _report_path(
    request: Request, path: AblationPath, results: Results, rule: DecisionRule, *, as_json: bool
) -> None:
    plan = request.plan
    total = f"{path.end_name} - {path.start_name}"
    # One more comparison of the same family: what all steps bring together.
    comparison = compare(
        {**results, total: results[path.end_name]},
        {arm.name: arm.question for arm in plan.arms},
        plan.against | {total: path.start_name},
        rule,
    )
    if as_json:
        plain = {"study": plan.study, "path": _plain_path(path)} | as_plain(comparison)
        print_json(plain | _plain_below(results, rule))
    else:
        print_path(comparison, path.order, total)


def _report_shapley(
    request: Request, shapley: ShapleyPlan, results: Results, rule: DecisionRule, *, as_json: bool
) -> None:
    assert request.path is not None
    path = request.path
    attribution = attribute(results, shapley.steps, rule)
    names = (path.start_name, path.end_name)
    ends = compare({name: results[name] for name in names}, {}, rule=rule)
    if as_json:
        print_json(
            {
                "study": request.plan.study,
                "path": _plain_path(path),
                "shapley": {
                    "orders": shapley.orders,
                    "exact": shapley.exact,
                    "seeds": list(attribution.seeds),
                    "alpha": attribution.rule.alpha,
                    "margin_db": attribution.rule.margin_db,
                    "components": attribution_as_plain(attribution),
                },
            }
            | as_plain(ends)
            | _plain_below(results, rule)
        )
    else:
        print_shapley(attribution, ends, shapley, compare(results, {}, {}, rule))


def _plain_below(results: Results, rule: DecisionRule) -> dict[str, Any]:
    """Return by how much each network of a path is below bicubic, by data set."""
    nodes = compare(results, {}, {}, rule)
    return {"below_bicubic_db": {name: shortfalls(nodes, name) for name in nodes.bicubic}}


def _plain_path(path: AblationPath) -> dict[str, Any]:
    return {"from": path.start_name, "to": path.end_name, "order": list(path.order)}
