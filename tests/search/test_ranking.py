"""Ranks and fronts of several objectives."""

from tests.builders.searches import (
    Fake,
    run,
    settings,
)
from workbench.search.objectives import parse_objectives
from workbench.search.ranking import front, ranked


def test_the_ranks_of_several_objectives() -> None:
    objectives = parse_objectives(["psnr_rgb_db", "parameters"], [])
    values = {
        "beaten": (1.0, 9.0),
        "small": (1.0, 2.0),
        "middle": (2.0, 4.0),
        "near": (2.1, 4.2),
        "good": (3.0, 8.0),
    }
    assert ranked(values, objectives) == ("small", "good", "near", "middle", "beaten")
    assert ranked({"a": (1.0,), "b": (2.0,), "c": (2.0,)}, objectives[:1]) == ("b", "c", "a")
    assert ranked({}, objectives) == ()


def test_several_objectives_have_a_front() -> None:
    wanted = settings(objectives=("psnr_rgb_db", "parameters"), sampler="nsga2")
    state = run(wanted, 20, Fake())
    objectives = parse_objectives(wanted.objectives, ["Set5"])
    names = state.front(objectives)
    values = state.values(objectives)
    assert len(names) > 1
    for name in names:
        better = [v for v in values.values() if v[0] > values[name][0] and v[1] < values[name][1]]
        assert not better
    assert front({"a": (1.0, 5.0), "b": (1.0, 6.0), "c": (2.0, 9.0)}, objectives) == ("a", "c")
