"""Differences over training: the crossed interval of each step, and whether a change is over."""

import numpy as np
import pytest

from tests.builders.curves import IMAGES, STEPS, nothing, study, trial
from workbench.analysis.comparison import compare
from workbench.analysis.training_differences import training_differences
from workbench.results import TrialResult
from workbench.statistics.decision_rule import DecisionRule
from workbench.statistics.effects import Effect
from workbench.statistics.estimate import estimate


def rising(step: int) -> float:
    return step / 5_000


def late_rise(step: int) -> float:
    """Up to two thirds of training the two networks are equal."""
    return max(0, step - 800) / 4_000


def test_each_step_has_the_difference_of_the_verdicts_statistics() -> None:
    comparison, results = study({"variant": rising}, noise_db=0.01)
    (found,) = training_differences(comparison, results)
    assert (found.name, found.against) == ("variant", "base")
    assert [point.step for point in found.points] == list(STEPS)
    assert (found.seeds, found.images) == ((1, 2, 3, 4), IMAGES)
    for place, point in enumerate(found.points):
        delta = np.array(
            [
                np.subtract(
                    one.curve[place].per_image.psnr_rgb_db,  # type: ignore[union-attr]
                    other.curve[place].per_image.psnr_rgb_db,  # type: ignore[union-attr]
                )
                for one, other in zip(results["variant"], results["base"], strict=True)
            ]
        )
        expected = estimate(delta)
        assert point.estimate.mean == pytest.approx(expected.mean, abs=1e-12)
        assert point.interval == pytest.approx(expected.interval(0.95), abs=1e-9)
    rise = found.points[-1].estimate.mean - found.points[0].estimate.mean
    assert rise == pytest.approx(rising(1_200) - rising(100), abs=1e-5)


def test_the_late_change_is_the_slope_over_the_last_third() -> None:
    comparison, results = study({"variant": late_rise})
    (found,) = training_differences(comparison, results)
    assert found.late is not None
    assert (found.late.first_step, found.late.last_step) == (800, 1_200)
    assert found.late.estimate.mean == pytest.approx(0.1, abs=1e-5)
    assert found.trend == "still moving"


@pytest.mark.parametrize(
    ("late_db", "noise_db", "margin_db", "trend"),
    [
        (0.1, 0.002, 0.02, "still moving"),
        (0.01, 0.002, 0.02, "settled"),
        (0.01, 0.002, 0.0, "still moving"),
        (-0.1, 0.002, 0.02, "still moving"),
        (0.1, 0.002, 0.2, "settled"),
    ],
)
def test_a_change_is_settled_only_if_it_is_shown_to_be_within_the_margin(
    late_db: float, noise_db: float, margin_db: float, trend: str
) -> None:
    def effect(step: int) -> float:
        return late_db * max(0, step - 800) / 400

    rule = DecisionRule(margin_db=margin_db)
    comparison, results = study({"variant": effect}, noise_db=noise_db, rule=rule)
    (found,) = training_differences(comparison, results)
    assert found.trend == trend
    assert found.late is not None
    assert found.late.equivalence_interval is not None
    low, high = found.late.equivalence_interval
    assert (-margin_db <= low <= high <= margin_db) == (trend == "settled")


def test_a_change_that_differs_between_seeds_is_not_known() -> None:
    def by_seed(seed: int) -> TrialResult:
        return trial("variant", seed, lambda step: (-1) ** seed * max(0, step - 800) / 4_000)

    results = {
        "base": [trial("base", seed) for seed in (1, 2, 3, 4)],
        "variant": [by_seed(seed) for seed in (1, 2, 3, 4)],
    }
    (found,) = training_differences(compare(results, {}), results)
    assert found.late is not None
    assert found.late.estimate.mean == pytest.approx(0.0, abs=1e-6)
    assert found.trend == "not known"


def test_one_seed_has_a_curve_without_intervals_and_no_trend() -> None:
    comparison, results = study({"variant": late_rise}, seeds=(1,))
    (found,) = training_differences(comparison, results)
    assert {point.interval for point in found.points} == {None}
    assert found.trend == "not known"


def test_steps_seeds_and_images_are_those_that_all_trials_have() -> None:
    results = {
        "base": [trial("base", seed, steps=(100, 200, 300, 400)) for seed in (1, 2)],
        "variant": [trial("variant", seed, steps=(200, 400)) for seed in (2, 3)],
    }
    (found,) = training_differences(compare(results, {}), results)
    assert [point.step for point in found.points] == [200, 400]
    assert found.seeds == (2,)


def test_records_without_scores_of_images_have_intervals_over_seeds() -> None:
    results = {
        "base": [trial("base", seed, noise_db=0.01, per_image=seed > 1) for seed in (1, 2, 3)],
        "variant": [trial("variant", seed, rising, noise_db=0.01) for seed in (1, 2, 3)],
    }
    (found,) = training_differences(compare(results, {}), results)
    assert found.images == ()
    point = found.points[-1]
    means = [
        one.curve[-1].score.psnr_rgb_db - other.curve[-1].score.psnr_rgb_db
        for one, other in zip(results["variant"], results["base"], strict=True)
    ]
    assert point.interval == pytest.approx(estimate(np.array(means)[:, None]).interval(0.95))


def test_networks_validated_on_other_images_have_no_difference_over_training() -> None:
    comparison, results = study({"variant": nothing, "other": nothing})
    moved = []
    for one in results["other"]:
        source = one.config.data.validation.model_copy(update={"folder": "elsewhere"})
        data = one.config.data.model_copy(update={"validation": source})
        moved.append(
            one.model_copy(update={"config": one.config.model_copy(update={"data": data})})
        )
    found = training_differences(comparison, results | {"other": moved})
    assert [one.name for one in found] == ["variant"]


def test_effects_over_several_arms_have_curves_too() -> None:
    _, results = study({"a": rising, "b": late_rise})
    effect = Effect("both", {"a": 0.5, "b": 0.5, "base": -1.0})
    comparison = compare(results, {}, effects=[effect])
    found = {one.name: one for one in training_differences(comparison, results)}
    assert list(found) == ["a", "b", "both"]
    assert found["both"].against == ""
    ends = [found[name].points[-1].estimate.mean for name in ("a", "b", "both")]
    assert ends[2] == pytest.approx((ends[0] + ends[1]) / 2, abs=1e-9)


def test_a_curve_of_one_point_has_no_late_change() -> None:
    results = {name: [trial(name, s, steps=(500,)) for s in (1, 2)] for name in ("base", "variant")}
    (found,) = training_differences(compare(results, {}), results)
    assert found.late is None
    assert found.trend == "not known"
