"""Group sequential studies: which trials the next look at the data needs."""

from dataclasses import replace

from workbench.analysis.comparison import compare
from workbench.execution.plan import Arm, Plan
from workbench.execution.run import Results, by_arm
from workbench.statistics.decision_rule import DecisionRule


def next_look(plan: Plan, results: Results, rule: DecisionRule) -> Plan | None:
    """Return the part of a plan that is to be run next, None at its end.

    A plan without looks is one part. After each look only the arms continue that no verdict has
    settled on some data set, with those that they are compared with.

    Args:
        plan: The whole.
        results: Of the parts so far, by arm and seed.
        rule: By which the plan is judged.

    Raises:
        WorkbenchError: If no trial of the base has a score.
    """
    if not plan.looks:
        return None if results else plan
    # What is compared with the base continues with it, so the base has been at every look.
    reached = sum((plan.base.name, seeds[-1]) in results for seeds in plan.seeds_at_looks)
    if reached == len(plan.looks):
        return None
    arms = _undecided(plan, results, rule) if reached else plan.arms
    first = plan.looks[reached - 1] if reached else 0
    seeds = plan.seeds[first : plan.looks[reached]]
    return replace(plan, arms=arms, seeds=seeds, looks=()) if arms else None


def _undecided(plan: Plan, results: Results, rule: DecisionRule) -> tuple[Arm, ...]:
    """Return the arms that an undecided difference or effect needs."""
    rule = replace(rule, looks=plan.seeds_at_looks)
    comparison = compare(by_arm(plan, results), {}, plan.against, rule, plan.effects)
    family = {arm.name: {arm.name, arm.against} for arm in plan.arms if arm.against}
    family |= {effect.name: set(effect.terms) for effect in plan.effects}
    # What could not be judged, as seeds diverged, continues like what is undecided.
    undecided = {
        name
        for dataset in comparison.protocols
        for name in set(family).difference(
            one.name
            for one in comparison.judged(dataset)
            if one.difference.settled or one.difference.shut
        )
    }
    needed = {arm for name in undecided for arm in family[name]}
    if needed:
        needed.add(plan.base.name)
    return tuple(arm for arm in plan.arms if arm.name in needed)
