"""Which trials a study that adds seeds runs next."""

from dataclasses import replace

import pytest

from tests.builders.comparisons import scored
from workbench.ablation.sequential import next_look
from workbench.ablation.variant import find_variants
from workbench.config.trial import TrialConfig
from workbench.execution.plan import Plan, make_plan
from workbench.execution.run import Results
from workbench.statistics.decision_rule import DecisionRule

IMAGES = 30


@pytest.fixture
def plan(tiny_trial: TrialConfig) -> Plan:
    made = make_plan("s", "tiny", tiny_trial, find_variants(["no-lvar", "relu"]), range(1, 11))
    return replace(made, looks=(3, 6, 10))


def results(plan: Plan, seeds: range, shifts: dict[str, float]) -> Results:
    """Scores of each arm; what has no shift is noise around the base."""
    found = {}
    for seed in seeds:
        for arm in plan.arms:
            if arm.name not in shifts:
                continue
            noise = 0.2 * (-1) ** (seed // 2) * (arm.name == "relu")
            psnr = [30 + 0.1 * image + shifts[arm.name] + noise for image in range(IMAGES)]
            found[arm.name, seed] = scored(f"{arm.name}-{seed}", seed, {"Set5": psnr})
    return found


def test_without_looks_everything_is_run_at_once(plan: Plan) -> None:
    whole = replace(plan, looks=())
    assert next_look(whole, {}, DecisionRule()) is whole
    done = results(whole, range(1, 11), dict.fromkeys(("tiny", "no-lvar", "relu"), 0.0))
    assert next_look(whole, done, DecisionRule()) is None


def test_only_what_is_undecided_continues_with_the_base(plan: Plan) -> None:
    first = next_look(plan, {}, DecisionRule())
    assert first is not None
    assert (len(first.arms), first.seeds) == (3, (1, 2, 3))
    done = results(plan, range(1, 4), {"tiny": 0.0, "no-lvar": -1.0, "relu": 0.0})
    second = next_look(plan, done, DecisionRule())
    assert second is not None
    assert [arm.name for arm in second.arms] == ["tiny", "relu"]
    assert second.seeds == (4, 5, 6)
    done |= results(plan, range(4, 7), {"tiny": 0.0, "relu": 0.0})
    third = next_look(plan, done, DecisionRule())
    assert third is not None
    assert third.seeds == (7, 8, 9, 10)
    done |= results(plan, range(7, 11), {"tiny": 0.0, "relu": 0.0})
    assert next_look(plan, done, DecisionRule()) is None


def test_a_study_ends_when_all_is_settled(plan: Plan) -> None:
    done = results(plan, range(1, 4), {"tiny": 0.0, "no-lvar": -1.0, "relu": 0.0})
    wide = DecisionRule(margin_db=50.0)
    assert next_look(plan, done, wide) is None
