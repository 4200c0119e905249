"""Networks of a table as a space has them: which are left out, and what is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.builders.simulated import CHOICES, PLANE, PSNR, network, searched, space, table
from workbench.errors import ConfigError, WorkbenchError
from workbench.search.objectives import Objective
from workbench.search.simulation.networks import searched_table
from workbench.spaces.space import Limits
from workbench.tables.table import TrialTable


def test_quality_is_the_mean_over_all_seeds_and_the_best_network_has_the_highest() -> None:
    found = searched(table(CHOICES, seed_db=lambda _, seed: 0.2 * (seed == 2)))
    assert (len(found.networks), found.seeds, found.outside_space) == (20, (1, 2), 0)
    best = found.best()
    assert best.overrides == {"model.channels": 23}
    assert best.scores[2] - best.scores[1] == pytest.approx(0.3)  # 0.1 is that of any seed
    assert best.quality == pytest.approx(sum(best.scores.values()) / 2)
    assert best.name == "v19"


def test_the_baseline_is_the_network_that_the_dimensions_change() -> None:
    found = searched(table(CHOICES))
    assert found.baseline is network(found, channels=8)
    others = [one for one in CHOICES.combinations() if one["model.channels"] != 8]
    without = searched(table(CHOICES, networks=others))
    assert without.baseline is None
    assert without.most_trials() == 19


def test_networks_that_the_space_cannot_express_are_counted() -> None:
    whole = table(PLANE)
    narrow = space({"model.channels": {"kind": "choice", "values": [4, 6, 8, 12]}})
    found = searched_table(whole, narrow, "narrow", PSNR)
    assert {one.overrides["model.channels"] for one in found.networks} == {4, 6, 8, 12}
    assert len(found.networks) + found.outside_space == 56


def test_seeds_are_those_that_give_the_most_scores() -> None:
    two = table(CHOICES, seeds=(1, 2))
    three = table(CHOICES, seeds=(3,), networks=list(CHOICES.combinations())[:5])
    found = searched(TrialTable("both", two.results + three.results, {}, CHOICES, "small"))
    assert (found.seeds, len(found.networks), found.without_seeds) == ((1, 2), 20, 0)
    missing = searched(TrialTable("few", two.results[:-1], {}, CHOICES, "small"))
    assert (missing.seeds, len(missing.networks), missing.without_seeds) == ((1, 2), 19, 1)


def test_limits_decide_which_networks_can_be_picked() -> None:
    limited = CHOICES.model_copy(update={"limits": Limits(parameters=9_999)})
    found = searched_table(table(CHOICES), limited, "small", PSNR)
    assert found.best().overrides == {"model.channels": 9}
    assert (len(found.within()), found.most_trials()) == (6, 6)


def test_a_space_that_varies_the_recipe_is_refused() -> None:
    rates = space({"training.ema_decay": {"kind": "floats", "low": 0.9, "high": 0.99}})
    with pytest.raises(ConfigError, match=r"--space rates varies training\.ema_decay"):
        searched_table(table(CHOICES), rates, "rates", PSNR)


def test_a_limit_of_the_latency_is_refused() -> None:
    limited = CHOICES.model_copy(update={"limits": Limits(latency_ms=3.0)})
    with pytest.raises(ConfigError, match="latency_ms <= 3 cannot be simulated"):
        searched_table(table(CHOICES), limited, "small", PSNR)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"results": ()}, "mine: the table has no complete trial"),
        ({"curve": ()}, "v00 seed 1: a search needs its learning curve, the table has none"),
        ({"scores": ()}, "--objective Set5/psnr_y_db: v00 seed 1 has no scores on Set5"),
    ],
)
def test_a_table_without_what_a_search_sees_is_refused(
    change: Mapping[str, Any], says: str
) -> None:
    made = table(CHOICES)
    results = [] if "results" in change else [r.model_copy(update=change) for r in made.results]
    damaged = TrialTable("mine", tuple(results), made.names, CHOICES, "small")
    with pytest.raises(WorkbenchError, match=says):
        searched(damaged, Objective("Set5/psnr_y_db"))


def test_a_table_with_no_network_of_the_space_is_refused() -> None:
    other = space({"model.channels": {"kind": "choice", "values": [32, 40]}})
    networks = [one for one in CHOICES.combinations() if one["model.channels"] != 8]
    with pytest.raises(WorkbenchError, match="none of the table's 19 networks is in the space oth"):
        searched_table(table(CHOICES, networks=networks), other, "other", PSNR)


def test_limits_that_leave_one_network_are_refused() -> None:
    limited = CHOICES.model_copy(update={"limits": Limits(parameters=4_999)})
    with pytest.raises(WorkbenchError, match=r"at least 2 networks .* the table has 1"):
        searched_table(table(CHOICES), limited, "small", PSNR)
