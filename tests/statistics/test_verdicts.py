"""Verdicts: exact checks, families, equivalence, further seeds, and looks that spend alpha."""

import itertools

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.crossed import mean_squares, two_sided_p
from workbench.statistics.decision_rule import DecisionRule, FormerLook
from workbench.statistics.estimate import Matrix, estimate
from workbench.statistics.exact import seeds_for, sign_flip_p, smallest_p
from workbench.statistics.family import step_down
from workbench.statistics.planning import more_seeds
from workbench.statistics.sequential import Look, looks, schedule, shares
from workbench.statistics.simulation import Truth, simulate_studies
from workbench.statistics.verdicts import Decision, decide


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


def test_the_step_down_counts_the_nulls_that_can_be_true() -> None:
    """Both of a member's nulls cannot be true: with both rejected it no longer counts."""
    p = {"a": (0.001, 0.01), "b": (0.02, 0.9), "c": (0.9, 0.03)}
    found = step_down(p)
    assert found == {
        "a": pytest.approx((0.003, 0.03)),
        "b": pytest.approx((0.04, 1.0)),
        "c": pytest.approx((1.0, 0.06)),
    }
    assert list(found) == list(p)
    assert step_down({}) == {}


def test_one_member_has_its_own_p() -> None:
    assert step_down({"a": (0.03, 0.6)}) == {"a": (0.03, 0.6)}
    assert step_down({"a": (0.7, 0.04)}) == {"a": (0.7, 0.04)}


def test_members_that_share_alpha_and_are_not_tested_count() -> None:
    assert step_down({"a": (0.01, 0.9), "b": (0.02, 0.9)}, 4) == {
        "a": pytest.approx((0.04, 1.0)),
        "b": pytest.approx((0.08, 1.0)),
    }


@pytest.mark.parametrize("members", [2, 6, 12])
def test_all_verdicts_of_a_family_err_together_in_five_percent(members: int) -> None:
    """One member without an effect, the others at the margin: each test alone looks harmless."""
    draw, repeats, seeds, images = np.random.default_rng(members), 2_000, 4, 10
    spreads = [0.5] + [0.002] * (members - 1)
    effects = [0.0] + [0.02] * (members - 1)
    p = np.empty((members, 2, repeats))
    for place, (effect, spread) in enumerate(zip(effects, spreads, strict=True)):
        truth = Truth(effect=effect, seed_sd=spread, image_sd=0.0, noise_sd=spread / 10)
        mean, a, b, e = mean_squares(simulate_studies(truth, seeds, images, repeats, draw))
        p[place, 0] = two_sided_p(mean, a, b, e, seeds, images)
        inside = 0.02 - np.abs(mean)
        half = two_sided_p(inside, a, b, e, seeds, images) / 2
        p[place, 1] = np.where(inside > 0, half, 1 - half)
    wrong = separate = 0
    for study in range(repeats):
        both = {m: (float(p[m, 0, study]), float(p[m, 1, study])) for m in range(members)}
        adjusted = step_down(both)
        wrong += adjusted[0][0] <= 0.05 or any(adjusted[m][1] <= 0.05 for m in range(1, members))
        differs = sorted(p[1:, 0, study])  # a Holm for each test, as version 0.3.0 had it
        holds = all(one * (members - rank) <= 0.05 for rank, one in enumerate(differs))
        separate += (p[0, 0, study] <= (0.05 if holds else 0.05 / members)) or (
            p[1:, 1, study].min() * members <= 0.05
        )
    assert stats.binomtest(wrong, repeats, 0.05, alternative="greater").pvalue > 0.01
    assert separate > wrong


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
    assert both["one"] == Decision("not testable", estimate(one))
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
    plan = more_seeds(found, alpha=0.05, margin_db=0.02)
    assert plan is not None
    assert found.error is not None
    assert found.error.with_seeds(4 + plan.seeds).p(0.03) <= 0.05
    assert found.error.with_seeds(4 + plan.seeds - 1).p(0.03) > 0.05


def test_the_odds_are_those_of_new_seeds() -> None:
    """What is known is the data so far: how often do as many seeds as planned settle it?"""
    so_far = around(0.03, 0.04, seeds=4, images=200)
    found = estimate(so_far)
    plan = more_seeds(found, alpha=0.05, margin_db=0.02)
    assert plan is not None
    assert found.seed_sd is not None
    draw, repeats = np.random.default_rng(0), 1_000
    # The true mean, given the seeds so far, then new seeds around it; the images stay.
    truth = found.mean + found.seed_sd / 2 * draw.standard_t(3, repeats)
    new = truth[:, None] + draw.normal(0, found.seed_sd, (repeats, plan.seeds))
    images = so_far.mean(axis=0) - so_far.mean()
    later = np.concatenate(
        [np.broadcast_to(so_far, (repeats, 4, 200)), new[:, :, None] + images], axis=1
    )
    settled = two_sided_p(*mean_squares(later), 4 + plan.seeds, 200) <= 0.05
    assert settled.mean() == pytest.approx(plan.odds, abs=0.12)


def test_where_images_are_too_few_no_seeds_settle_it() -> None:
    found = estimate(around(0.03, 0.3, seeds=4, images=5))
    assert found.image_sd
    assert more_seeds(found, alpha=0.05, margin_db=0.02) is None
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


def test_the_first_look_is_worth_a_look() -> None:
    """O'Brien and Fleming's first look of 3..10 asks for t = 54, with six variants for 132."""
    old, new = (shares(0.05, (3, 6, 10), spending=s)[0] for s in ("obrien-fleming", "power"))
    assert stats.t.ppf(1 - old / 2, 2) == pytest.approx(54, abs=1)
    assert stats.t.ppf(1 - new / 2, 2) == pytest.approx(11, abs=0.5)
    assert shares(0.05, (3, 6, 10)) == pytest.approx((0.0082, 0.0150, 0.0268), abs=1e-4)
    assert shares(0.05, (3, 6, 10), spending="obrien-fleming") == pytest.approx(
        (0.0003, 0.0111, 0.0386), abs=1e-4
    )
    with pytest.raises(ValueError, match=r"looks need 1 <= first <= most, got 4 and 3"):
        looks(4, 3)


def test_what_earlier_looks_spent_is_gone() -> None:
    before = (FormerLook((1, 2, 3), 0.01, frozenset({"old"})),)
    rule = DecisionRule(looks=((1, 2, 3), (1, 2, 3, 4, 5, 6)), former=before)
    former, later = schedule(rule, "old")
    assert former == Look((1, 2, 3), 0.01)
    assert later.seeds == (1, 2, 3, 4, 5, 6)
    assert later.alpha == pytest.approx(0.04)
    assert [look.alpha for look in schedule(rule, "new")] == list(shares(0.05, (3, 6)))
    spent_all = DecisionRule(former=(FormerLook((1, 2), 0.05, frozenset({"old"})),))
    assert schedule(spent_all, "old") == (Look((1, 2), 0.05), Look((), 0.0))
    assert schedule(DecisionRule(), "old") == (Look((), 0.05),)


def test_a_sequential_study_without_an_effect_rarely_finds_one() -> None:
    delta = simulate_studies(Truth(image_sd=0.0), 10, 20, 4_000, np.random.default_rng(11))
    found = np.zeros(len(delta), dtype=bool)
    for seeds, alpha in zip((3, 6, 10), shares(0.05, (3, 6, 10)), strict=True):
        found |= two_sided_p(*mean_squares(delta[:, :seeds]), seeds, 20) <= alpha
    assert found.mean() <= 0.05
