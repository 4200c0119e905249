"""What a comparison shows, from results made by hand."""

import json
from collections.abc import Mapping, Sequence

import pytest

from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import WorkbenchError
from workbench.reporting.comparison import as_plain, compare
from workbench.results import (
    Cost,
    DatasetScores,
    Environment,
    ImageScore,
    Protocol,
    TrialResult,
    TrialState,
)

COST = Cost(
    lr_height_px=256,
    lr_width_px=256,
    parameters=5_525,
    multiply_adds=320_000_000,
    challenge_flops=320_000_000,
    activations=13_720_000,
    convolutions=42,
)
ENVIRONMENT = Environment(
    python="3.11",
    packages={},
    git_commit=None,
    git_dirty_diff=None,
    hardware="a CPU",
    device="cpu",
    threads=1,
    code_hash="c0de",
)
PROTOCOL = Protocol(scale=4, crop_px=4, lr_origin="bicubic", data_hash="beef")


def scored(
    key: str,
    seed: int,
    psnr_db: Mapping[str, Sequence[float]],
    *,
    protocol: Protocol = PROTOCOL,
    state: TrialState = TrialState.COMPLETE,
    reason: str = "",
) -> TrialResult:
    """Return a trial with these PSNR of the images of each data set."""
    return TrialResult(
        key=key,
        training_key=f"training of {key}",
        config=TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"], seed=seed),
        state=state,
        reason=reason,
        steps=120,
        cost=COST,
        scores=tuple(
            DatasetScores(
                dataset=dataset,
                protocol=protocol,
                images=tuple(
                    ImageScore(
                        name=str(i), psnr_rgb_db=db, ssim_rgb=0.8, psnr_y_db=db + 1, ssim_y=0.9
                    )
                    for i, db in enumerate(values)
                ),
            )
            for dataset, values in psnr_db.items()
        ),
        training_s=1.0,
        sessions=1,
        started_s=0.0,
        finished_s=1.0,
        environment=ENVIRONMENT,
    )


def diverged(key: str, seed: int) -> TrialResult:
    reason = "the loss was nan at step 7"
    return scored(key, seed, {}, state=TrialState.DIVERGED, reason=reason)


BASE = [scored(f"base{s}", s, {"Set5": [30.0 + s, 32.0 + s]}) for s in (1, 2, 3)]
BETTER = [scored(f"up{s}", s, {"Set5": [30.5 + s, 32.5 + s]}) for s in (1, 2, 3)]
WORSE = [scored(f"down{s}", s, {"Set5": [29.9 + s, 31.9 + s]}) for s in (1, 2, 3)]
UNCLEAR = [scored(f"same{s}", s, {"Set5": [30 + s + (-1) ** s, 32.0 + s]}) for s in (1, 2, 3)]


@pytest.mark.parametrize(
    ("arm", "mean_db", "verdict"),
    [(BETTER, 0.5, "better"), (WORSE, -0.1, "worse"), (UNCLEAR, -1 / 6, "undecided")],
)
def test_a_verdict_follows_from_the_interval(
    arm: list[TrialResult], mean_db: float, verdict: str
) -> None:
    comparison = compare({"tiny": BASE, "variant": arm}, {"variant": "Why?"})
    base, variant = comparison.rows
    assert (base.name, base.question, base.seeds) == ("tiny", "", (1, 2, 3))
    assert base.datasets["Set5"].verdict is None
    spread = base.datasets["Set5"].scores["psnr_rgb_db"]
    assert (spread.mean, spread.seed_sd) == (33.0, 1.0)
    assert variant.question == "Why?"
    delta = variant.datasets["Set5"].delta_psnr_rgb_db
    assert delta is not None
    assert delta.mean == pytest.approx(mean_db)
    assert (delta.seeds, delta.images) == (3, 2)
    assert variant.datasets["Set5"].verdict == verdict


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
    delta = row.datasets["Set5"].delta_psnr_rgb_db
    assert delta is not None
    assert (delta.mean, delta.seeds) == (0.5, 2)


def test_an_arm_that_failed_as_a_whole_has_a_row_and_no_scores() -> None:
    row = compare({"tiny": BASE, "variant": [diverged("nan1", 1)]}, {}).rows[1]
    assert (row.seeds, row.datasets) == ((), {})
    assert row.cost == COST


def test_a_base_that_failed_as_a_whole_leaves_no_difference() -> None:
    row = compare({"tiny": [diverged("nan1", 1)], "variant": BETTER}, {}).rows[1]
    assert row.datasets["Set5"].delta_psnr_rgb_db is None
    assert row.datasets["Set5"].verdict is None


def test_only_seeds_that_both_have_are_paired() -> None:
    far = scored("far", 9, {"Set5": [99.0, 99.0]})
    row = compare({"tiny": BASE[:2], "variant": [far, *BETTER[1:]]}, {}).rows[1]
    delta = row.datasets["Set5"].delta_psnr_rgb_db
    assert delta is not None
    assert (delta.mean, delta.seeds) == (0.5, 1)
    assert row.datasets["Set5"].verdict == "not testable"
    assert row.seeds == (9, 2, 3)


def test_one_seed_is_not_testable() -> None:
    score = compare({"tiny": BASE[:1], "variant": BETTER[:1]}, {}).rows[1].datasets["Set5"]
    assert score.verdict == "not testable"
    assert score.scores["psnr_rgb_db"].seed_sd is None


@pytest.mark.parametrize(("variants", "confidence"), [(0, 0.95), (1, 0.95), (2, 0.975), (5, 0.99)])
def test_all_intervals_together_hold_with_95_percent(variants: int, confidence: float) -> None:
    arms = {"tiny": BASE} | {f"variant{i}": UNCLEAR for i in range(variants)}
    comparison = compare(arms, {})
    assert comparison.confidence == pytest.approx(confidence)
    assert len(comparison.rows) == variants + 1


def test_more_variants_make_each_interval_wider() -> None:
    widths = []
    for variants in (1, 2):
        arms = {"tiny": BASE} | {f"variant{i}": UNCLEAR for i in range(variants)}
        delta = compare(arms, {}).rows[1].datasets["Set5"].delta_psnr_rgb_db
        assert delta is not None
        assert delta.low is not None
        assert delta.high is not None
        widths.append(delta.high - delta.low)
    assert widths[1] > 1.2 * widths[0]


def test_data_sets_stay_apart() -> None:
    both = {"Set5": [30.0, 31.0], "B100": [25.0, 26.0, 27.0]}
    base = [scored(f"base{s}", s, both) for s in (1, 2)]
    comparison = compare({"tiny": base, "variant": base}, {})
    assert list(comparison.protocols) == ["Set5", "B100"]
    images = {
        name: score.delta_psnr_rgb_db.images
        for name, score in comparison.rows[1].datasets.items()
        if score.delta_psnr_rgb_db
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
    plain = as_plain(compare(arms, {"variant": "Why?"}))
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
        "mean": 0.5,
        "low": 0.5,
        "high": 0.5,
        "seeds": 2,
        "images": 2,
        "verdict": "better",
    }
    assert one["datasets"]["Set5"]["psnr_rgb_db_seed_sd"] is None
    assert one["datasets"]["Set5"]["delta_psnr_rgb_db"]["verdict"] == "not testable"
