"""The statistics on differences whose truth is known, and on public scores."""

import csv
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.estimate import estimate
from workbench.statistics.images import image_difference
from workbench.statistics.matrix import differences
from workbench.statistics.simulation import Truth, simulate
from workbench.statistics.verdicts import decide

REPEATS = 2_000
TRUTHS = [
    (Truth(), 6, 100),
    (Truth(seed_sd=0.014), 3, 100),
    (Truth(tails=2.5), 6, 100),
    (Truth(tails=2.5, image_sd=0.3), 3, 14),
    (Truth(image_sd=0.0, noise_sd=0.0), 6, 5),
    (Truth(seed_sd=0.005, image_sd=0.3), 10, 2),
    (Truth(tails=2.5, image_sd=0.3), 10, 5),
]


def share(truth: Truth, seeds: int, images: int, verdicts: set[str], seed: int = 1) -> int:
    """Return how often a single variant gets one of these verdicts."""
    draw, count = np.random.default_rng(seed), 0
    for _ in range(REPEATS):
        delta = simulate(truth, seeds, images, draw)
        found = decide({"v": (estimate(delta), tuple(delta.mean(axis=1)))})["v"]
        count += found.verdict in verdicts
    return count


@pytest.mark.parametrize(("truth", "seeds", "images"), TRUTHS)
def test_without_an_effect_at_most_five_percent_are_called_better_or_worse(
    truth: Truth, seeds: int, images: int
) -> None:
    wrong = share(truth, seeds, images, {"better", "worse"})
    assert wrong / REPEATS <= 0.05
    assert stats.binomtest(wrong, REPEATS).proportion_ci(method="wilson").high <= 0.06


@pytest.mark.parametrize(
    ("seed_sd", "seeds", "at_least"),
    [(0.01, 5, 0.68), (0.01, 8, 0.91), (0.02, 5, 0.30), (0.02, 8, 0.56)],
)
def test_power_for_0_03_db_is_that_of_the_two_way_interval(
    seed_sd: float, seeds: int, at_least: float
) -> None:
    """The retraining sd is that of one network; a difference has sqrt(2) times as much."""
    truth = Truth(effect=0.03, seed_sd=seed_sd * 2**0.5, image_sd=0.06)
    assert share(truth, seeds, 100, {"better"}) / REPEATS >= at_least - 0.03


def test_a_difference_at_the_margin_is_rarely_called_equivalent() -> None:
    assert share(Truth(effect=0.02), 6, 100, {"equivalent"}) / REPEATS <= 0.05


@pytest.mark.reference
def test_on_public_scores_of_one_run_each_no_pair_is_an_ablation_result(reference: Path) -> None:
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    path = reference / "statistics" / "ntire2026_valid_per_image.csv"
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            scores[row["model"]][row["image"]] = float(row["psnr_rgb_db"])
    assert len(scores) == 16
    separated = 0
    for left, right in itertools.combinations(scores, 2):
        pair = differences({1: scores[left]}, {1: scores[right]})
        assert pair is not None
        found = decide({left: (estimate(pair.delta), pair.seed_means)})[left]
        assert (found.verdict, found.p, found.interval) == ("not testable", None, None)
        # What can be said is about these weights on such images, and it is not little.
        interval = image_difference(
            [scores[left][name] for name in pair.images],
            [scores[right][name] for name in pair.images],
        ).interval
        assert interval is not None
        separated += not interval[0] <= 0 <= interval[1]
    assert separated >= 40
