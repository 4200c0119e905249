"""What a comparison shows, from results made by hand."""

import json

import pytest

from tests.builders.comparisons import (
    BASE,
    BETTER,
    COST,
    PROTOCOL,
    UNCLEAR,
    diverged,
    scored,
)
from workbench.analysis.comparison import compare
from workbench.errors import WorkbenchError
from workbench.reporting.json_data import comparison_to_dict
from workbench.results import (
    Protocol,
    TrialResult,
)
from workbench.statistics.decision_rule import DecisionRule

WORSE = [scored(f"down{s}", s, {"Set5": [29.9 + s, 31.9 + s]}) for s in (1, 2, 3)]


@pytest.mark.parametrize(
    ("arm", "mean_db", "verdict"),
    [(BETTER, 0.5, "better"), (WORSE, -0.1, "worse"), (UNCLEAR, -1 / 6, "undecided")],
)
def test_a_verdict_follows_from_the_differences(
    arm: list[TrialResult], mean_db: float, verdict: str
) -> None:
    comparison = compare({"tiny": BASE, "variant": arm}, {"variant": "Why?"})
    base, variant = comparison.rows
    assert (base.name, base.question, base.seeds) == ("tiny", "", (1, 2, 3))
    assert base.datasets["Set5"].difference is None
    spread = base.datasets["Set5"].scores["psnr_rgb_db"]
    assert (spread.mean, spread.seed_sd) == (33.0, 1.0)
    assert variant.question == "Why?"
    found = variant.datasets["Set5"].difference
    assert found is not None
    assert found.decision.estimate.mean == pytest.approx(mean_db)
    assert (found.seeds, found.images) == ((1, 2, 3), ("0", "1"))
    assert found.decision.verdict == verdict


OTHER_PROTOCOLS = [
    Protocol(scale=4, crop_px=4, lr_origin="given", data_hash="beef"),
    Protocol(scale=4, crop_px=0, lr_origin="bicubic", data_hash="beef"),
    Protocol(scale=4, crop_px=4, lr_origin="bicubic", data_hash="f00d"),
    Protocol(
        scale=4,
        crop_px=4,
        lr_origin="bicubic",
        data_hash="beef",
        tile_lr_px=64,
        tile_overlap_lr_px=8,
    ),
]


@pytest.mark.parametrize("protocol", OTHER_PROTOCOLS)
def test_two_protocols_are_not_put_side_by_side(protocol: Protocol) -> None:
    other = scored("other", 1, {"Set5": [30.0, 32.0]}, protocol=protocol)
    with pytest.raises(WorkbenchError, match=r"Set5 was scored by two protocols") as refused:
        compare({"tiny": BASE, "variant": [other]}, {})
    same_words = protocol.describe() == PROTOCOL.describe()
    words = [f"images {p.data_hash}" if same_words else p.describe() for p in (PROTOCOL, protocol)]
    assert f"{words[0]} in trial base1" in str(refused.value)
    assert f"{words[1]} in trial other" in str(refused.value)


def test_a_failed_trial_is_listed_and_in_no_mean() -> None:
    arm = [BETTER[0], diverged("nan2", 2), BETTER[2]]
    row = compare({"tiny": BASE, "variant": arm}, {}).rows[1]
    assert row.seeds == (1, 3)
    assert row.failures == ("seed 2: diverged (the loss was nan at step 7)",)
    assert row.datasets["Set5"].scores["psnr_rgb_db"].mean == 33.5
    found = row.datasets["Set5"].difference
    assert found is not None
    assert (found.decision.estimate.mean, found.seeds) == (0.5, (1, 3))


def test_an_arm_that_failed_as_a_whole_has_a_row_and_no_scores() -> None:
    row = compare({"tiny": BASE, "variant": [diverged("nan1", 1)]}, {}).rows[1]
    assert (row.seeds, row.datasets) == ((), {})
    assert row.cost == COST


def test_a_base_that_failed_as_a_whole_leaves_no_difference() -> None:
    row = compare({"tiny": [diverged("nan1", 1)], "variant": BETTER}, {}).rows[1]
    assert row.datasets["Set5"].difference is None


def test_only_seeds_that_both_have_are_paired() -> None:
    far = scored("far", 9, {"Set5": [99.0, 99.0]})
    row = compare({"tiny": BASE[:2], "variant": [far, *BETTER[1:]]}, {}).rows[1]
    found = row.datasets["Set5"].difference
    assert found is not None
    assert (found.decision.estimate.mean, found.seeds) == (0.5, (2,))
    assert found.decision.verdict == "not testable"
    assert found.bootstrap is None
    assert row.seeds == (9, 2, 3)


def test_one_seed_is_not_testable() -> None:
    score = compare({"tiny": BASE[:1], "variant": BETTER[:1]}, {}).rows[1].datasets["Set5"]
    assert score.difference is not None
    assert score.difference.decision.verdict == "not testable"
    assert score.scores["psnr_rgb_db"].seed_sd is None


def test_the_family_is_all_arms_but_the_base() -> None:
    p_values = []
    for variants in (1, 4):
        arms = {"tiny": BASE} | {f"variant{i}": UNCLEAR for i in range(variants)}
        found = compare(arms, {}).rows[1].datasets["Set5"].difference
        assert found is not None
        assert found.decision.p is not None
        assert found.decision.p_holm == pytest.approx(min(1, variants * found.decision.p))
        p_values.append(found.decision.p)
    assert p_values[0] == p_values[1]


def test_the_margin_decides_what_is_equivalent() -> None:
    arms = {"tiny": BASE, "variant": WORSE}
    for margin_db, verdict in ((0.02, "worse"), (0.2, "equivalent")):
        comparison = compare(arms, {}, rule=DecisionRule(margin_db=margin_db))
        found = comparison.rows[1].datasets["Set5"].difference
        assert found is not None
        assert found.decision.verdict == verdict
        assert comparison.rule.margin_db == margin_db


def test_each_arm_can_be_compared_with_another_than_the_base() -> None:
    arms = {"tiny": BASE, "up": BETTER, "down": WORSE}
    rows = compare(arms, {}, {"up": "tiny", "down": "up"}).rows
    assert [row.against for row in rows] == ["", "tiny", "up"]
    found = rows[2].datasets["Set5"].difference
    assert found is not None
    assert found.decision.estimate.mean == pytest.approx(-0.6)


def test_data_sets_stay_apart() -> None:
    both = {"Set5": [30.0, 31.0], "B100": [25.0, 26.0, 27.0]}
    base = [scored(f"base{s}", s, both) for s in (1, 2)]
    comparison = compare({"tiny": base, "variant": base}, {})
    assert list(comparison.protocols) == ["Set5", "B100"]
    images = {
        name: len(score.difference.images)
        for name, score in comparison.rows[1].datasets.items()
        if score.difference
    }
    assert images == {"Set5": 2, "B100": 3}


@pytest.mark.parametrize("arms", [{}, {"tiny": []}, {"tiny": [], "variant": BETTER}])
def test_without_the_base_nothing_is_compared(arms: dict[str, list[TrialResult]]) -> None:
    with pytest.raises(WorkbenchError, match="there is no finished trial of the base to compare"):
        compare(arms, {})


def test_a_variant_without_results_has_no_row() -> None:
    rows = compare({"tiny": BASE, "none": [], "variant": BETTER}, {}).rows
    assert [row.name for row in rows] == ["tiny", "variant"]


def test_plain_data_is_json_with_units_in_its_keys() -> None:
    arms = {"tiny": BASE, "variant": [*BETTER[:2], diverged("nan", 3)], "one": BETTER[:1]}
    plain = comparison_to_dict(compare(arms, {"variant": "Why?"}))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["protocols"] == {"Set5": PROTOCOL.plain()}
    base, variant, one = plain["arms"]
    assert base["datasets"]["Set5"].keys() == {
        *("psnr_rgb_db", "psnr_rgb_db_seed_sd", "ssim_rgb", "ssim_rgb_seed_sd"),
        *("psnr_y_db", "psnr_y_db_seed_sd", "ssim_y", "ssim_y_seed_sd"),
    }
    assert variant["parameters"] == 5_525
    assert variant["lr_height_px"] == 256
    assert variant["failures"] == ["seed 3: diverged (the loss was nan at step 7)"]
    assert variant["datasets"]["Set5"]["delta_psnr_rgb_db"] == {
        **{"mean": 0.5, "low": 0.5, "high": 0.5, "verdict": "better", "further_seeds": None},
        **{"seeds": 2, "images": 2, "seed_sd": 0.0, "image_sd": 0.0, "bootstrap": [0.5, 0.5]},
        **{"p": 0.0, "p_holm": 0.0, "p_equivalence": 1.0, "p_equivalence_holm": 1.0},
        "tested": True,
        **{"equivalence_low": 0.5, "equivalence_high": 0.5, "rest_sd": 0.0},
        **{"alpha": 0.05, "alpha_shared_by": 2, "alpha_left": 0.0, "look_seeds": None},
        "further_seeds_odds": None,
        **{"p_sign_flip": 0.5, "smallest_p_sign_flip": 0.5},
        **{"median": 0.5, "win_rate": 1.0, "without_one_image": [0.5, 0.5]},
        "most_influential_image": "0",
    }
    assert one["datasets"]["Set5"]["psnr_rgb_db_seed_sd"] is None
    assert one["datasets"]["Set5"]["delta_psnr_rgb_db"]["verdict"] == "not testable"
