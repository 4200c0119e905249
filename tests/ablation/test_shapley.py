"""Means over orders: weights, budgets, and values that add up."""

from collections.abc import Sequence

import pytest

from tests.builders.comparisons import scored
from tests.builders.paths import path, trial
from workbench.ablation.path import AblationPath, make_path
from workbench.ablation.shapley import ShapleyPlan, shapley_plan
from workbench.analysis.attribution import attribute
from workbench.errors import ConfigError, WorkbenchError
from workbench.results import Protocol, TrialResult, TrialState

SHORT = {"spatial_attention": "esa", "padding": "zeros", "channels": 24}
VALUES = {"padding": 0.01, "attention": 0.1, "width": 0.4}


def short_path() -> AblationPath:
    """Return a path of three components."""
    return make_path(("a", "b"), trial("mdrn-s", **SHORT), trial("mdrn-s"))


def made_up(
    plan: ShapleyPlan, path: AblationPath, seeds: Sequence[int] = (1, 2)
) -> dict[str, list[TrialResult]]:
    """Return results in which the attention brings twice as much once the width is there."""
    results = {}
    for arm in plan.plan.arms:
        model = arm.config.mdrn
        has = {
            "padding": model.padding == "reflect",
            "attention": model.spatial_attention is not None
            and model.spatial_attention.kind == "mdsa",
            "width": model.channels == 28,
        }
        db = 26 + sum(VALUES[name] for name, there in has.items() if there)
        db += VALUES["attention"] if has["attention"] and has["width"] else 0
        results[arm.name] = [
            scored(f"{arm.name}{seed}", seed, {"Set5": [db + seed, db - seed]}) for seed in seeds
        ]
    return results


@pytest.mark.parametrize("budget", [16, 15])
def test_the_weights_of_each_component_add_up_to_one(budget: int) -> None:
    plan = shapley_plan(short_path(), "study", [1, 2], budget)
    assert plan.exact == (budget == 16)
    for steps in plan.steps.values():
        assert sum(step.weight for step in steps) == pytest.approx(1)


def test_all_orders_give_the_exact_values() -> None:
    plan = shapley_plan(short_path(), "study", [1, 2], 16)
    assert (plan.orders, len(plan.plan.arms)) == (6, 8)
    shares = attribute(made_up(plan, short_path()), plan.steps).shares
    means = {share.component: share.decisions["Set5"].estimate.mean for share in shares}
    # What two components bring only together is shared equally.
    assert means == pytest.approx({"padding": 0.01, "attention": 0.15, "width": 0.45})


@pytest.mark.parametrize("budget", [12, 14])
def test_values_add_up_to_the_difference_of_the_ends_for_any_orders(budget: int) -> None:
    plan = shapley_plan(short_path(), "study", [1, 2], budget)
    assert not plan.exact
    assert len(plan.plan.trials()) <= budget
    shares = attribute(made_up(plan, short_path()), plan.steps).shares
    total = sum(share.decisions["Set5"].estimate.mean for share in shares)
    assert total == pytest.approx(sum(VALUES.values()) + VALUES["attention"])
    assert {share.parameters for share in shares} == {0}


def test_the_budget_is_stated_and_kept() -> None:
    plan = shapley_plan(path(), "study", [1, 2, 3], 100)
    assert len(plan.plan.trials()) <= 100
    assert plan.describe(100) == (
        f"shapley: 8 components, {plan.orders} of 40,320 orders, {len(plan.plan.arms)} networks "
        f"x 3 seeds = {len(plan.plan.trials())} trials (budget 100)"
    )
    assert plan == shapley_plan(path(), "study", [1, 2, 3], 100)


def test_a_larger_budget_keeps_the_networks_of_a_smaller_one() -> None:
    small = {arm.name for arm in shapley_plan(path(), "study", [1], 25).plan.arms}
    large = {arm.name for arm in shapley_plan(path(), "study", [1], 60).plan.arms}
    assert small <= large


def test_every_order_is_drawn_and_a_larger_budget_uses_the_same_ones() -> None:
    """The path's own order is the user's choice, so it is no sample of all orders."""
    small, large = (shapley_plan(path(), "study", [1], budget) for budget in (40, 60))
    names = {arm.name for arm in small.plan.arms}
    own = {path().node_name(node) for node in path().nodes(path().order)}
    assert not own <= names
    assert names <= {arm.name for arm in large.plan.arms}


def test_a_budget_below_two_orders_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be at least 48 trials for two orders of 8"):
        shapley_plan(path(), "study", [1, 2, 3], 47)
    assert shapley_plan(path(), "study", [1, 2, 3], 48).orders == 2


def test_only_seeds_that_every_network_has_count() -> None:
    plan = shapley_plan(short_path(), "study", [1, 2, 3], 24)
    results = made_up(plan, short_path(), [1, 2, 3])
    name = plan.plan.arms[3].name
    results[name][1] = scored("x", 2, {}, state=TrialState.DIVERGED)
    assert attribute(results, plan.steps).seeds == (1, 3)
    results[name] = [scored("x", seed, {}, state=TrialState.DIVERGED) for seed in (1, 2, 3)]
    with pytest.raises(WorkbenchError, match="no seed is complete in every network"):
        attribute(results, plan.steps)


def test_scores_of_two_protocols_are_not_averaged() -> None:
    plan = shapley_plan(short_path(), "study", [1, 2], 16)
    results = made_up(plan, short_path())
    other = Protocol(scale=4, crop_px=4, lr_origin="given", data_hash="beef")
    results["b"][0] = scored("y", 1, {"Set5": [30.0, 31.0]}, protocol=other)
    with pytest.raises(WorkbenchError, match="Set5"):
        attribute(results, plan.steps)
