"""Rungs of a search: over which networks they are judged, and what is said of it."""

import numpy as np
import pytest

from tests.builders.searches import settings
from workbench.reporting.search_texts import correlation_texts
from workbench.search.analysis import Importances, Rungs, SearchAnalysis
from workbench.search.objectives import Objective
from workbench.search.record import SearchRecord
from workbench.search.state import SearchState
from workbench.statistics.ranks import rank_correlation

PSNR = Objective("psnr_rgb_db")


def rungs(
    objective: Objective = PSNR, audited: int = 0, ceiling: float | None = None, count: int = 24
) -> Rungs:
    """Return networks whose better half is promoted, and some of the others audited."""
    draw = np.random.default_rng(0)
    sign = 1 if objective.direction == "maximize" else -1
    here = {f"t{n:04}": sign * float(24 - n) for n in range(count)}
    worse = list(here)[count // 2 :]
    ended = [*list(here)[: count // 2], *worse[2::7][:audited]]
    return Rungs(
        objective=objective,
        at={40: here},
        ends={name: here[name] + sign * 4 * float(draw.normal()) for name in ended},
        parameters={name: 1_000 + int(draw.integers(500)) for name in here},
        weights=dict.fromkeys(ended[count // 2 :], 6.0),
        ceiling=ceiling,
    )


def texts(found: Rungs, seeds: tuple[int, ...] = (1,)) -> str:
    record = SearchRecord(name="s", settings=settings(trial_seeds=seeds))
    shown = Importances({}, 0, at_first_rung=True)
    view = SearchAnalysis(SearchState(record), (found.objective,), [], shown, found)
    return "; ".join(correlation_texts(view))


def test_a_rung_without_audits_says_that_its_tau_is_too_small() -> None:
    said = texts(rungs())
    assert "12 networks; without audited networks only those that no rung has stopped" in said
    assert "one seed: how well the ends agree with those under other seeds is not known" in said
    assert "over all that reached the rung" not in said


def test_audited_networks_give_the_tau_over_all() -> None:
    given = rungs(audited=2)
    (every,) = given.correlations().values()
    assert every.tau is not None
    assert (every.audited, every.networks) == (2, 14)
    here = [given.at[40][name] for name in given.ends]
    weights = [*[1.0] * 12, 6.0, 6.0]
    assert every.tau == rank_correlation(here, list(given.ends.values()), weights)
    assert every.tau.effective == pytest.approx((12 + 12) ** 2 / (12 + 2 * 36))
    said = texts(rungs(audited=2, ceiling=0.7), seeds=(1, 2))
    assert "over all that reached the rung, Spearman's rho at fixed parameters" in said
    assert "14 networks, 2 of them audited; under other seeds the ends themselves" in said
    assert "without audited networks" not in said


def test_regret_is_in_the_unit_and_the_direction_of_the_objective() -> None:
    (up,) = rungs().correlations().values()
    (down,) = rungs(Objective("multiply_adds")).correlations().values()
    assert up.regrets == down.regrets
    assert up.regrets[1] >= up.regrets[5] >= 0
    assert f"regret@1 {up.regrets[1]:.3f} dB, regret@5 {up.regrets[5]:.3f} dB" in texts(rungs())


def test_few_networks_have_no_correlation() -> None:
    assert texts(rungs(count=8)) == (
        "after 40 steps: fewer than 5 networks, no rank correlation; "
        "one seed: how well the ends agree with those under other seeds is not known"
    )
