"""The statistics on differences whose truth is known, and on public scores."""

import csv
import itertools
from collections import defaultdict
from pathlib import Path

import pytest

from workbench.statistics.audit import audit
from workbench.statistics.estimate import estimate
from workbench.statistics.images import image_difference
from workbench.statistics.matrix import differences
from workbench.statistics.simulation import Truth
from workbench.statistics.verdicts import decide


def test_a_difference_at_the_margin_is_rarely_called_equivalent() -> None:
    found = audit(Truth(effect=0.02), 6, 100, 500).rates["equivalent"]
    assert found.interval[0] <= 0.05


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
