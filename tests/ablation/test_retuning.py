"""A learning rate for each network, with the same small budget for each."""

import pytest

from tests.builders.comparisons import scored
from workbench.ablation.retuning import FACTORS, retuned, tuning_name, tuning_plan
from workbench.ablation.variant import find_variants
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.execution.plan import Plan, make_plan
from workbench.results import CurvePoint, TrialResult, TrialState

BASE = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["short"])


def plan(*names: str) -> Plan:
    return make_plan("s", "mdrn-s", BASE, find_variants(list(names)), [1, 2])


def curve(psnr_db: float) -> tuple[CurvePoint, ...]:
    score = scored("k", 3, {"v": [psnr_db]}).scores[0].mean()
    return (CurvePoint(step=1, time_s=0.0, loss=0.1, learning_rate=1e-3, score=score),)


def test_every_network_gets_the_same_small_budget_under_another_seed() -> None:
    made = tuning_plan(plan("no-lvar"))
    assert [arm.name for arm in made.arms[:3]] == ["mdrn-s at 0.5x", "mdrn-s at 1x", "mdrn-s at 2x"]
    assert (len(made.arms), made.seeds, made.study) == (6, (3,), "s-learning-rate")
    stages = [arm.config.training.stages[0] for arm in made.arms]
    assert {stage.steps for stage in stages} == {300}
    assert {stage.milestones for stage in stages} == {(150, 210, 255, 285)}
    assert [stage.learning_rate for stage in stages] == [1e-3, 2e-3, 4e-3] * 2
    assert made.against == {}


def test_the_best_validation_score_chooses_and_a_diverged_trial_never_wins() -> None:
    best = {"mdrn-s at 0.5x": 27.0, "mdrn-s at 1x": 28.0, "mdrn-s at 2x": 27.5}
    best |= {"no-lvar at 0.5x": 28.0, "no-lvar at 1x": 27.0, "no-lvar at 2x": 99.0}
    results: dict[str, list[TrialResult]] = {
        name: [scored(name, 3, {}).model_copy(update={"curve": curve(psnr)})]
        for name, psnr in best.items()
    }
    results["no-lvar at 2x"] = [
        results["no-lvar at 2x"][0].model_copy(update={"state": TrialState.DIVERGED})
    ]
    made, remarks = retuned(plan("no-lvar"), results)
    assert [arm.config.training.stages[0].learning_rate for arm in made.arms] == [2e-3, 1e-3]
    assert {arm.config.training.stages[0].steps for arm in made.arms} == {1_200}
    assert "end of the grid" not in remarks[0]
    assert "learning rate 0.001 (0.5x 28.000 dB" in remarks[1]
    assert "end of the grid" in remarks[1]


@pytest.mark.parametrize(
    ("scores", "rate", "said"),
    [
        ((28.0, 28.0, 28.0), 2e-3, "0.5x 28.000 dB, 1x 28.000 dB, 2x 28.000 dB)"),
        ((28.0, 27.0, 28.0), 1e-3, "the best is at the end of the grid"),
        ((None, None, None), 2e-3, "1x no score, 2x no score; no rate gave a score"),
        ((27.0, None, None), 1e-3, "1x no score, 2x no score; the best is at the end of the grid"),
    ],
)
def test_of_equal_rates_and_where_all_fail_the_recipes_is_taken(
    scores: tuple[float | None, ...], rate: float, said: str
) -> None:
    results = {}
    for factor, psnr in zip(FACTORS, scores, strict=True):
        name = tuning_name("mdrn-s", factor)
        changes = {"state": TrialState.DIVERGED} if psnr is None else {"curve": curve(psnr)}
        results[name] = [scored(name, 3, {}).model_copy(update=changes)]
    made, (remark,) = retuned(plan(), results)
    assert made.arms[0].config.training.stages[0].learning_rate == rate
    assert said in remark
