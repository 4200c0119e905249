"""The nearest network of a table: Gower's distance, ties, and each network once."""

import pytest

from tests.builders.simulated import CHOICES, PLANE, params, searched, space, table
from workbench.search.simulation.nearest import NearestNetworks, coordinates, distance

ATTENTION = space(
    {
        "model.channels": {"kind": "integers", "low": 4, "high": 16, "step": 2},
        "model.spatial_attention": {"kind": "choice", "values": ["mdsa", None]},
        "model.spatial_attention.levels": {
            "kind": "subset",
            "of": [3, 5, 7],
            "at_least": 1,
            "when": {"model.spatial_attention": ["mdsa"]},
        },
    }
)


def test_numbers_count_by_their_range_and_choices_by_0_or_1() -> None:
    one = coordinates(*params(PLANE, channels=4, blocks=1, activation='"gelu"'))
    other = coordinates(*params(PLANE, channels=10, blocks=2, activation='"relu"'))
    assert distance(one, other) == pytest.approx((6 / 12 + 1 / 3 + 1) / 3)
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one)


def test_a_logarithmic_number_counts_by_its_logarithm() -> None:
    rates = space({"training.ema_decay": {"kind": "floats", "low": 0.01, "high": 1.0, "log": True}})
    name = "training.ema_decay"
    distribution = (
        '{"name": "FloatDistribution", "attributes": '
        '{"step": null, "low": 0.01, "high": 1.0, "log": true}}'
    )
    assert rates.dimensions
    ends = [coordinates({name: value}, {name: distribution}) for value in (0.01, 0.1, 1.0)]
    assert [distance(ends[0], end) for end in ends] == pytest.approx([0, 0.5, 1])


def test_members_of_a_subset_count_one_by_one_and_inactive_dimensions_as_different() -> None:
    def at(levels: tuple[int, ...]) -> dict[str, float | str]:
        flags = {
            f"spatial_attention.levels[{level}]": "true" if level in levels else "false"
            for level in (3, 5, 7)
        }
        known = params(ATTENTION, channels=8, spatial_attention='"mdsa"', **flags)
        return dict(coordinates(*known))

    none = coordinates(*params(ATTENTION, channels=8, spatial_attention="null"))
    assert distance(at((3, 5, 7)), at((3, 5))) == pytest.approx(1 / 5)
    # The kind differs, and three members are there in one of the two only.
    assert distance(at((3, 5, 7)), none) == distance(none, at((3,))) == pytest.approx(4 / 5)


def test_each_network_is_taken_once_the_nearest_first() -> None:
    few = [{"model.channels": c, "model.blocks": 2, "model.activation": "gelu"} for c in (4, 8, 14)]
    left = NearestNetworks(searched(table(PLANE, networks=few)).networks, seed=0)
    wanted = params(PLANE, channels=6, blocks=2, activation='"relu"')
    taken = [left.take(*wanted, number).overrides["model.channels"] for number in range(3)]
    assert taken[2] == 14
    assert len(left) == 0


def test_equally_near_networks_are_drawn_evenly_and_the_same_again() -> None:
    found = searched(table(CHOICES))
    wanted = params(CHOICES, channels="8")

    def drawn(seed: int) -> list[str]:
        left = NearestNetworks(found.networks, seed)
        return [left.take(*wanted, number).name for number in range(3)]

    assert drawn(0) == drawn(0)
    assert drawn(0)[0] == "v04"  # itself
    assert len({drawn(seed)[1] for seed in range(200)}) == 19
