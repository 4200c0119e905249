"""Permutation tests of factors: their error over all factors, and what they find."""

import numpy as np
import pytest
from numpy.random import Generator

from workbench.statistics.noise import good_ones_ps, levels_of, main_effect_ps

TESTS = {"main effects": main_effect_ps, "good ones": good_ones_ps}


def factors(draw: Generator, count: int) -> dict[str, list[object]]:
    """Return eight factors of four kinds."""
    found: dict[str, list[object]] = {}
    for number in (1, 2):
        found[f"choice {number}"] = draw.choice(["a", "b", "c"], count).tolist()
        found[f"switch {number}"] = draw.choice([True, False], count, p=[0.8, 0.2]).tolist()
        found[f"whole {number}"] = draw.integers(4, 41, count).tolist()
        found[f"real {number}"] = draw.normal(size=count).tolist()
    return found


@pytest.mark.parametrize(("name", "count"), [("main effects", 24), ("good ones", 60)])
def test_noise_has_a_finding_as_rarely_as_stated(
    name: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.statistics.noise.SHUFFLES", 99)
    draw, repeats, findings = np.random.default_rng(0), 250, 0
    for _ in range(repeats):
        found = TESTS[name](factors(draw, count), draw.normal(size=count).tolist())
        findings += min(found.values()) <= 0.05
    assert findings / repeats < 0.09  # 0.05 and 2.9 standard errors


@pytest.mark.parametrize(("name", "count"), [("main effects", 24), ("good ones", 60)])
def test_a_factor_that_matters_is_found_beside_dead_ones(name: str, count: int) -> None:
    draw = np.random.default_rng(1)
    given = factors(draw, count)
    effect = np.array([{"a": 0.0, "b": 0.0, "c": 3.0}[str(value)] for value in given["choice 1"]])
    found = TESTS[name](given, (effect + draw.normal(size=count)).tolist())
    assert [factor for factor, p in found.items() if p <= 0.05] == ["choice 1"]


def test_many_numbers_are_grouped_by_rank_and_few_are_not() -> None:
    assert levels_of(list(range(40))).sum(1).tolist() == [8.0] * 5
    assert levels_of([1, 2, 2, 4]).sum(1).tolist() == [1.0, 2.0, 1.0]
    assert levels_of(["b", "a", "b"]).tolist() == [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
