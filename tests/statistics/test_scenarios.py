"""What users do with verdicts errs as rarely as it says."""

import pytest
from scipy import stats

from workbench.statistics import grid as grids
from workbench.statistics.scenarios import SCENARIOS, Scenario, scenarios

REPEATS = 400


@pytest.fixture(scope="module")
def found() -> list[Scenario]:
    return scenarios(REPEATS)


pytestmark = pytest.mark.xdist_group("scenarios")


def test_what_must_not_happen_often_does_not(found: list[Scenario]) -> None:
    assert len(found) == SCENARIOS
    for one in found:
        if one.most is not None:
            more = stats.binomtest(one.rate.count, one.rate.repeats, one.most, "greater").pvalue
            assert more > 0.002, one


def test_settled_members_leave_the_last_its_power(found: list[Scenario]) -> None:
    (power,) = (one.rate.share for one in found if one.counts == "0.03 dB found")
    assert power >= 0.85


def test_a_seed_that_diverged_is_no_end(found: list[Scenario]) -> None:
    (share,) = (one.rate.share for one in found if one.counts == "-0.3 dB found")
    assert share >= 0.99


def test_what_chose_a_network_is_no_evidence_for_it(found: list[Scenario]) -> None:
    rates = {one.counts: one.rate for one in found if "equal networks" in one.name}
    assert rates["better, on what chose it"].interval[0] > 0.05


def test_peeking_under_another_name_costs_what_it_costs(found: list[Scenario]) -> None:
    once, twice = (one.rate.share for one in found if one.name.startswith("3 seeds, then 8"))
    assert twice > once


def test_the_grid_has_a_cell_for_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "SEEDS", (2, 3))
    monkeypatch.setattr(grids, "IMAGES", (2, 5))
    cells = list(grids.grid(200))
    assert [(one.seeds, one.images) for one in cells] == [(2, 2), (2, 5), (3, 2), (3, 5)]
    for one in cells:
        assert one.worst.share <= 0.12
