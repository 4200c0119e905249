"""One simulated search: what it trains, what that costs, and what it would pick."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.builders.simulated import CHOICES, PLANE, PSNR, by_channels, searched, table
from workbench.search.simulation.networks import SearchedTable, searched_table
from workbench.search.simulation.repetition import SimulatedSettings, simulate_once
from workbench.spaces.space import Fidelity, Limits


def test_without_rungs_every_network_costs_a_whole_training() -> None:
    found = searched(table(CHOICES))
    once = simulate_once(found, "random", SimulatedSettings(trials=20), 0)
    assert (once.started, once.finished, once.steps) == (20, 20, 20 * 120)
    assert once.picks[0].steps == 120
    assert once.picks[0].network is found.baseline
    assert once.picks[-1].network is found.best()
    assert once.pick_at(119) is None
    assert once.pick_at(120) is found.baseline


def test_the_same_number_gives_the_same_search_and_another_one_another() -> None:
    found = searched(table(PLANE))
    settings = SimulatedSettings(trials=12)
    first, again, other = (simulate_once(found, "tpe", settings, n) for n in (4, 4, 5))
    assert first == again
    assert first.picks != other.picks
    assert simulate_once(found, "random", settings, 4).trial_seed == first.trial_seed


def test_a_search_sees_one_seed_and_picks_by_what_it_sees() -> None:
    def lucky(overrides: Mapping[str, Any], seed: int) -> float:
        return 1.0 * (seed == 2 and overrides["model.channels"] == 4)

    few = [{"model.channels": channels} for channels in (4, 8, 12, 23)]
    found = searched(table(CHOICES, seed_db=lucky, seeds=(1, 2, 3, 4), networks=few))
    ends = {}
    for number in range(16):
        once = simulate_once(found, "random", SimulatedSettings(trials=4), number)
        ends[once.trial_seed] = once.picks[-1].network.overrides["model.channels"]
    assert ends == {1: 23, 2: 4, 3: 23, 4: 23}
    assert found.best().overrides["model.channels"] == 4  # its mean over the seeds


def rungs(keep: float = 0.5) -> SearchedTable:
    """Return a table whose networks are ranked at the rungs as at the end."""
    space = CHOICES.model_copy(update={"fidelity": Fidelity(rungs=(0.33, 0.67), keep=keep)})
    return searched_table(table(CHOICES), space, "small", PSNR)


def test_a_network_that_is_stopped_at_a_rung_costs_the_steps_up_to_it() -> None:
    settings = SimulatedSettings(trials=9, batch=8)
    once = simulate_once(rungs(), "random", settings, 0)
    # The baseline; 8 to the first rung, 4 to the second, 2 to the end.
    assert (once.started, once.finished) == (9, 3)
    assert once.steps == 120 + 8 * 40 + 4 * 40 + 2 * 40


def test_asha_decides_for_each_network_when_it_reaches_a_rung() -> None:
    settings = SimulatedSettings(trials=19, batch=3, asynchronous=True)
    once = simulate_once(rungs(), "random", settings, 0)
    assert once.started == 19
    assert 2 <= once.finished < 19
    assert 120 + 18 * 40 < once.steps < 19 * 120


def test_audited_networks_are_never_stopped() -> None:
    settings = SimulatedSettings(trials=9, batch=8, audit_share=1.0)
    once = simulate_once(rungs(), "random", settings, 0)
    assert (once.finished, once.steps) == (9, 9 * 120)


def test_rungs_rank_by_the_curve_at_their_step() -> None:
    def early(overrides: Mapping[str, Any]) -> float:
        return -by_channels(overrides)

    space = CHOICES.model_copy(update={"fidelity": Fidelity(rungs=(0.5,), keep=0.1)})
    made = searched_table(table(CHOICES, early_db=early), space, "small", PSNR)
    once = simulate_once(made, "random", SimulatedSettings(trials=20, batch=19), 0)
    # The worst at half time survive: with 4 and 5 channels fewer than the baseline's 8.
    assert once.finished == 3 - 1
    assert once.picks[-1].network is made.baseline


def test_no_search_picks_a_network_above_a_limit() -> None:
    limited = CHOICES.model_copy(update={"limits": Limits(parameters=6_999)})
    found = searched_table(table(CHOICES), limited, "small", PSNR)
    once = simulate_once(found, "random", SimulatedSettings(trials=found.most_trials()), 0)
    assert found.most_trials() == 4  # with 4, 5 and 6 channels, and the baseline
    assert once.started == 4
    assert once.picks[-1].network.overrides["model.channels"] == 6
    assert once.pick_at(120) is None  # the baseline is above the limit


@pytest.mark.parametrize("asynchronous", [False, True])
def test_without_the_baseline_a_search_begins_with_a_proposal(asynchronous: bool) -> None:
    others = [one for one in CHOICES.combinations() if one["model.channels"] != 8]
    found = searched(table(CHOICES, networks=others))
    settings = SimulatedSettings(trials=19, asynchronous=asynchronous)
    once = simulate_once(found, "tpe", settings, 0)
    assert (once.started, once.steps) == (19, 19 * 120)
    assert once.picks[-1].network is found.best()


def test_a_table_that_is_used_up_ends_a_search() -> None:
    found = searched(table(CHOICES))
    once = simulate_once(found, "grid", SimulatedSettings(trials=25), 0)
    assert once.started == 20
