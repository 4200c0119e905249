"""All combinations of a space in random order."""

import random
from itertools import islice
from typing import Any

import pytest

from workbench.spaces import shuffled
from workbench.spaces.enumeration import UncountableError
from workbench.spaces.shuffled import combination_key, shuffled_combinations
from workbench.spaces.space import SpaceFile

DEPENDENT = {
    "model.channels": {"kind": "integers", "low": 4, "high": 12, "step": 4},
    "model.spatial_attention": {"kind": "choice", "values": ["mdsa", "esa"]},
    "model.spatial_attention.levels": {
        "kind": "subset",
        "of": [3, 5, 7],
        "at_least": 2,
        "when": {"model.spatial_attention": ["mdsa"]},
    },
    "model.activation": {"kind": "choice", "values": ["gelu", "relu"], "each_block": True},
    "model.padding": {"kind": "choice", "values": ["zeros", "mirror"], "each_block": True},
}


def space_of(**dimensions: Any) -> SpaceFile:
    return SpaceFile.parse({"question": "Why?", "base": "tiny", "dimensions": dimensions})


@pytest.mark.parametrize("listed", [100_000, 10])
def test_every_combination_comes_once(monkeypatch: pytest.MonkeyPatch, listed: int) -> None:
    monkeypatch.setattr(shuffled, "MOST_LISTED", listed)
    space = space_of(**DEPENDENT)
    expected = [combination_key(one) for one in space.combinations()]
    found = [combination_key(one) for one in shuffled_combinations(space, random.Random(0))]
    assert len(found) == 3 * 5 * 4 * 4
    assert found != expected
    assert sorted(found) == sorted(expected)


def test_the_first_ones_have_all_of_a_dimension_and_follow_from_the_seed() -> None:
    many = {f"x{n}": {"kind": "integers", "low": 0, "high": 9} for n in range(12)}
    space = space_of(**many)  # 10 ** 12 combinations
    first, again, other = (
        list(islice(shuffled_combinations(space, random.Random(seed)), 60)) for seed in (0, 0, 1)
    )
    assert first == again != other
    assert {len({one[key] for one in first}) for key in many} == {10}


def test_numbers_without_steps_have_no_order() -> None:
    space = space_of(x={"kind": "floats", "low": 0, "high": 1})
    with pytest.raises(UncountableError, match="x"):
        next(shuffled_combinations(space, random.Random(0)))
