"""The challenge's score against its README's own example, and by hand."""

import math

import pytest

from workbench.analysis.challenge import RULES, challenge_score
from workbench.errors import WorkbenchError

NTIRE_2026 = RULES[2026]


def test_the_baseline_has_the_score_of_the_published_example() -> None:
    score = challenge_score(NTIRE_2026, runtime_ratio=1, flops=9.83e9, parameters=0.151e6)
    for value in (score.runtime, score.flops, score.parameters, score.total):
        assert round(value, 4) == 7.3891


def test_the_winner_of_2026_from_its_published_figures() -> None:
    # SPANV2: 5.24 ms beside the 7.74 ms of SPAN, 1.59 G, 0.139 M.
    score = challenge_score(NTIRE_2026, runtime_ratio=5.24 / 7.74, flops=1.59e9, parameters=0.139e6)
    assert round(score.runtime, 3) == 3.873
    assert round(score.flops, 3) == 1.382
    assert round(score.parameters, 3) == 6.303
    assert round(score.total, 3) == 3.867


def test_the_weights_of_2026_sum_to_one() -> None:
    weights = (
        NTIRE_2026.runtime_weight,
        NTIRE_2026.flops_weight,
        NTIRE_2026.parameters_weight,
    )
    assert weights == (0.8, 0.1, 0.1)
    assert math.fsum(weights) == 1


def test_a_score_beyond_floating_point_is_one_line() -> None:
    with pytest.raises(WorkbenchError, match=r"has no value for a ratio of 400$"):
        challenge_score(NTIRE_2026, runtime_ratio=400, flops=1e9, parameters=1e5)
