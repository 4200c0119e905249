"""Main effects first: what gatekeeping tests, and how often it errs."""

import itertools
from collections.abc import Hashable

import numpy as np
import pytest
from scipy import stats

from workbench.statistics.family import step_down
from workbench.statistics.gatekeeping import Gates, Pairs, gated_step_down

P = dict[str, tuple[float, float]]
ALPHA = 0.05


def gates_of(count: int, **found: frozenset[str]) -> Gates:
    """Return the gates of a full factorial design of factors of two levels, named a, b, c, ..."""
    mains = "abcdefghi"[:count]
    pairs: dict[Hashable, Pairs] = {
        one + other: ((one, other),) for one, other in itertools.combinations(mains, 2)
    }
    return Gates(pairs, frozenset(mains), **found)


THREE = gates_of(3)
NOTHING: P = dict.fromkeys(("a", "b", "c", "ab", "ac", "bc"), (1.0, 1.0))


def test_main_effects_share_alpha_among_themselves() -> None:
    found = gated_step_down(NOTHING | {"a": (0.01, 1.0)}, THREE)
    assert found["a"][0] == pytest.approx(0.03)
    assert step_down(NOTHING | {"a": (0.01, 1.0)})["a"][0] == pytest.approx(0.06)


def test_each_main_effect_that_differs_leaves_more_to_the_next() -> None:
    found = gated_step_down(NOTHING | {"a": (0.001, 1.0), "b": (0.01, 1.0)}, THREE)
    assert found["b"][0] == pytest.approx(0.01 / (5 / 12))


def test_an_interaction_is_tested_behind_both_of_its_main_effects() -> None:
    clear = NOTHING | {"a": (1e-6, 1.0), "ab": (1e-9, 1.0)}
    assert gated_step_down(clear, THREE)["ab"][0] == 1.0
    both = gated_step_down(clear | {"b": (0.004, 1.0)}, THREE)
    assert both["ab"][0] == both["b"][0] == pytest.approx(0.004 / (5 / 12))
    weak = gated_step_down(clear | {"b": (1e-6, 1.0), "ab": (0.01, 1.0)}, THREE)
    assert weak["ab"][0] == pytest.approx(0.06)


def test_with_all_main_effects_different_the_others_share_alpha_in_one_step_down() -> None:
    mains = {"a": (1e-9, 1.0), "b": (1e-9, 1.0), "c": (1e-9, 1e-9)}
    found = gated_step_down(NOTHING | mains | {"ab": (0.001, 0.001), "ac": (0.01, 1.0)}, THREE)
    assert found["ab"] == pytest.approx((0.005, 0.005))  # c is neither 0 nor beyond the margin
    assert found["ac"][0] == pytest.approx(0.04)


def test_an_aliased_interaction_is_tested_behind_any_of_its_pairs() -> None:
    pairs: dict[Hashable, Pairs] = {"ab or cd": (("a", "b"), ("c", "d"))}
    gates = Gates(pairs, frozenset("abcd"))
    p: P = dict.fromkeys("abcd", (1.0, 1.0)) | {"ab or cd": (1e-6, 1.0)}
    assert gated_step_down(p, gates)["ab or cd"][0] == 1.0
    assert gated_step_down(p | {"a": (1e-9, 1.0), "c": (1e-9, 1.0)}, gates)["ab or cd"][0] == 1.0
    assert gated_step_down(p | {"c": (1e-9, 1.0), "d": (1e-9, 1.0)}, gates)["ab or cd"][0] < 1e-4


def test_a_gate_that_an_earlier_look_opened_stays_open() -> None:
    later = gates_of(3, differ=frozenset("ab"), settled=frozenset("ab"))
    found = gated_step_down({"c": (0.5, 1.0), "ab": (0.001, 1.0), "bc": (1e-9, 1.0)}, later)
    assert found["ab"][0] == pytest.approx(0.006)
    assert found["bc"][0] == 1.0
    assert not later.shut("bc")


def test_a_gate_stays_shut_behind_a_main_effect_that_is_equivalent() -> None:
    later = gates_of(3, differ=frozenset("b"), settled=frozenset("ab"))
    assert later.shut("ab")
    assert not later.shut("bc")
    assert not later.shut("a")


def test_members_without_a_p_count() -> None:
    assert gated_step_down({"a": (0.01, 1.0)}, THREE)["a"][0] == pytest.approx(0.03)


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_in_every_state_the_weights_of_the_true_nulls_add_up_to_one_at_most(count: int) -> None:
    """Where h main effects are 0, the others may be beyond the margin, and their interactions."""
    gates = gates_of(count)
    for h in range(1, count + 1):
        differing = count - h
        others = differing + differing * (differing - 1) // 2
        assert h * gates.main_weight(h) + others * gates.small_weight <= 1 + 1e-12
        assert gates.main_weight(h) >= 1 / count - 1e-12
    assert gates.small_weight * (count + len(gates.behind)) <= 1 + 1e-12


def test_weights_never_fall() -> None:
    for mains, pairs in ((6, 4), (5, 7), (4, 3)):
        chosen = list(itertools.combinations("abcdef"[:mains], 2))[:pairs]
        gates = Gates({"".join(p): (p,) for p in chosen}, frozenset("abcdef"[:mains]))
        weights = [gates.main_weight(h) for h in range(mains, 0, -1)]
        assert weights == sorted(weights)
        assert gates.small_weight <= 1 / (mains + pairs)


@pytest.mark.parametrize("vague", ["a", "ab", "a ab", "a c bc", "ab ac bc"])
def test_any_wrong_verdict_is_as_rare_as_alpha(vague: str) -> None:
    """Some true effects are 0 with a large error; all others are at the margin, clearly not 0."""
    draw, repeats = np.random.default_rng(len(vague)), 1_500
    wrong = naive = 0
    for _ in range(repeats):
        uniform = dict(zip(NOTHING, draw.random(6), strict=True))
        p = {name: (u, 1.0) if name in vague.split() else (1e-9, u) for name, u in uniform.items()}
        true = {name: 0 if name in vague.split() else 1 for name in p}
        found = gated_step_down(p, THREE)
        wrong += any(found[name][null] <= ALPHA for name, null in true.items())
        naive += _serial(p, true)
    assert stats.binomtest(wrong, repeats, ALPHA, alternative="greater").pvalue > 0.005
    if vague in ("ab", "ab ac bc"):
        assert stats.binomtest(naive, repeats, ALPHA, alternative="greater").pvalue < 0.005


def _serial(p: P, true: dict[str, int]) -> bool:
    """Return whether Holm's step-down on each family, interactions at all of alpha again, errs."""
    mains = step_down({name: p[name] for name in "abc"})
    wrong = any(mains[name][true[name]] <= ALPHA for name in mains)
    if all(min(both) <= ALPHA for both in mains.values()):
        rest = step_down({name: p[name] for name in p if name not in mains})
        wrong |= any(rest[name][true[name]] <= ALPHA for name in rest)
    return wrong
