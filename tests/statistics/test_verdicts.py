"""Verdicts: exact checks, families, equivalence, further seeds, and looks that spend alpha."""

import itertools

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.crossed import mean_squares, two_sided_p
from workbench.statistics.estimate import Matrix, estimate
from workbench.statistics.exact import seeds_for, sign_flip_p, smallest_p
from workbench.statistics.family import holm
from workbench.statistics.sequential import looks, shares, spent
from workbench.statistics.simulation import Truth, simulate_studies
from workbench.statistics.verdicts import Decision, decide, further_seeds


def decided(**deltas: Matrix) -> dict[str, Decision]:
    return decide({n: (estimate(d), tuple(d.mean(axis=1))) for n, d in deltas.items()})


def around(mean: float, spread: float, seeds: int = 6, images: int = 50) -> Matrix:
    """Return differences with exactly this mean, and seeds and images that spread around it."""
    by_seed = np.linspace(-spread, spread, seeds)[:, None]
    by_image = np.linspace(-spread, spread, images)[None, :]
    delta: Matrix = mean + by_seed + by_image
    return delta


def test_the_exact_test_tries_all_signs() -> None:
    values = np.array([0.03, 0.01, -0.005, 0.02, 0.04])
    signs = np.array(list(itertools.product([-1, 1], repeat=5)))
    means = np.abs((signs * values).mean(axis=1))
    assert sign_flip_p(values) == pytest.approx((means >= abs(values.mean()) - 1e-12).mean())


@pytest.mark.parametrize(("seeds", "p"), [(1, 1), (3, 0.25), (5, 0.0625), (6, 0.03125)])
def test_few_seeds_cannot_reach_a_small_p(seeds: int, p: float) -> None:
    assert smallest_p(seeds) == p
    assert sign_flip_p(np.arange(1, seeds + 1)) == pytest.approx(p)


def test_six_seeds_are_the_first_to_reach_five_percent() -> None:
    assert [seeds_for(alpha) for alpha in (0.05, 0.01, 0.5)] == [6, 8, 2]


def test_many_seeds_are_sampled() -> None:
    values = np.random.default_rng(0).normal(0.01, 0.02, 30)
    assert sign_flip_p(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)


def test_holm_steps_down() -> None:
    p = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    assert holm(p) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert list(holm(p)) == list(p)
    assert holm({}) == {}
    assert holm({"a": 0.7, "b": 0.8}) == pytest.approx({"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("delta", "verdict"),
    [
        (around(0.1, 0.02), "better"),
        (around(-0.1, 0.02), "worse"),
        (around(0.005, 0.004), "equivalent"),
        (around(0.0, 0.001), "equivalent"),
        (around(0.02, 0.05), "undecided"),
        (around(0.1, 0.02, seeds=1), "not testable"),
        (np.full((2, 3), 0.1), "better"),
        (np.zeros((2, 3)), "equivalent"),
    ],
)
def test_a_verdict_follows_from_the_tests(delta: Matrix, verdict: str) -> None:
    assert decided(variant=delta)["variant"].verdict == verdict


def test_what_is_not_testable_has_no_p_and_leaves_the_family_alone() -> None:
    one = around(0.1, 0.02, seeds=1)
    both = decided(one=one, two=around(0.1, 0.05))
    assert both["one"] == Decision("not testable", estimate(one), *[None] * 7)
    assert both["two"] == decided(two=around(0.1, 0.05))["two"]


def test_a_larger_family_asks_for_more() -> None:
    clear = around(0.05, 0.05)
    alone = decided(clear=clear)["clear"]
    noise = {f"noise{n}": around(0.001, 0.05) for n in range(9)}
    among = decided(clear=clear, **noise)["clear"]
    assert alone.verdict == "better"
    assert among.verdict == "undecided"
    assert among.p == alone.p
    assert among.p_holm == pytest.approx(10 * (alone.p or 0))


def test_further_seeds_are_those_that_settle_it() -> None:
    found = estimate(around(0.03, 0.04, seeds=4, images=1000))
    more = further_seeds(found, alpha=0.05, margin_db=0.02)
    assert more is not None
    assert found.error is not None
    assert found.error.with_seeds(4 + more).p(0.03) <= 0.05
    assert found.error.with_seeds(4 + more - 1).p(0.03) > 0.05


def test_where_images_are_too_few_no_seeds_settle_it() -> None:
    found = estimate(around(0.03, 0.3, seeds=4, images=5))
    assert found.image_sd
    assert further_seeds(found, alpha=0.05, margin_db=0.02) is None
    assert decided(v=around(0.03, 0.3, seeds=4, images=5))["v"].further_seeds is None


@pytest.mark.parametrize(
    ("first", "most", "expected"),
    [(3, 10, (3, 6, 10)), (2, 6, (2, 4, 6)), (6, 6, (6,)), (5, 6, (5, 6)), (1, 9, (1, 2, 4, 8, 9))],
)
def test_the_looks_double_and_spend_alpha_and_no_more(
    first: int, most: int, expected: tuple[int, ...]
) -> None:
    assert looks(first, most) == expected
    rates = shares(0.05, expected)
    assert sum(rates) == pytest.approx(0.05)
    assert all(rate > 0 for rate in rates)
    if len(expected) == 3:
        assert list(rates) == sorted(rates)  # early looks are the strictest


def test_early_looks_spend_little() -> None:
    assert spent(0.05, 5, 10) == pytest.approx(0.0056, abs=1e-4)
    assert shares(0.05, (3, 6, 10)) == pytest.approx((0.0003, 0.0111, 0.0386), abs=1e-4)
    with pytest.raises(ValueError, match=r"looks need 1 <= first <= most, got 4 and 3"):
        looks(4, 3)


def test_a_sequential_study_without_an_effect_rarely_finds_one() -> None:
    delta = simulate_studies(Truth(image_sd=0.0), 10, 20, 4_000, np.random.default_rng(11))
    found = np.zeros(len(delta), dtype=bool)
    for seeds, alpha in zip((3, 6, 10), shares(0.05, (3, 6, 10)), strict=True):
        found |= two_sided_p(*mean_squares(delta[:, :seeds]), seeds, 20) <= alpha
    assert found.mean() <= 0.05


def test_members_that_are_settled_still_count_in_the_family() -> None:
    assert holm({"a": 0.01, "b": 0.02}, 4) == {"a": 0.04, "b": 0.06}
    assert holm({"a": 0.01, "b": 0.02}) == {"a": 0.02, "b": 0.02}
