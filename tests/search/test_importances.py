"""Importances of dimensions: what is found, what is not shown, and what noise looks like."""

import numpy as np
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
)

from workbench.reporting.search_texts import importance_texts
from workbench.search.analysis import Importances
from workbench.search.importances import importances
from workbench.search.objectives import Objective
from workbench.search.proposals import Proposal

PSNR = Objective("psnr_rgb_db")
SPACE: dict[str, BaseDistribution] = {
    "channels": IntDistribution(4, 40),
    "blocks": IntDistribution(1, 3),
    "activation": CategoricalDistribution(["gelu", "relu"]),
    "decay": FloatDistribution(0.9, 0.999),
}


def proposals(count: int) -> list[Proposal]:
    """Return proposals at random."""
    draw = np.random.default_rng(0)
    columns = {
        "channels": draw.integers(4, 41, count).tolist(),
        "blocks": draw.integers(1, 4, count).tolist(),
        "activation": draw.choice(["gelu", "relu"], count).tolist(),
        "decay": draw.uniform(0.9, 0.999, count).tolist(),
    }
    kinds = {name: distribution_to_json(one) for name, one in SPACE.items()}
    return [
        Proposal(
            number=place + 1,
            overrides={},
            params={name: column[place] for name, column in columns.items()},
            distributions=kinds,
            batch=1,
        )
        for place in range(count)
    ]


@pytest.mark.parametrize("name", ["psnr_rgb_db", "parameters"])
def test_the_dimension_that_decides_is_the_important_one(name: str) -> None:
    found, draw = proposals(64), np.random.default_rng(1)
    sign = 1.0 if name == "psnr_rgb_db" else -1.0
    values = {p.name: sign * (p.params["channels"] + draw.normal()) for p in found}
    by_method = importances(found, values, Objective(name))
    assert list(by_method) == ["PED-ANOVA", "fANOVA"]
    for shares in by_method.values():
        assert max(shares, key=lambda key: shares[key].share) == "channels"
        assert [key for key in shares if shares[key].stands_out] == ["channels"]
        assert sum(one.share for one in shares.values()) == pytest.approx(1.0)


def test_the_direction_of_an_objective_changes_what_sets_the_better_ones_apart() -> None:
    found = proposals(64)
    # Few channels are all alike; among many channels the number of blocks decides.
    values = {
        p.name: p.params["channels"] + 50.0 * (p.params["channels"] > 22 and p.params["blocks"] < 2)
        for p in found
    }
    up = importances(found, values, PSNR)["PED-ANOVA"]
    down = importances(found, values, Objective("parameters"))["PED-ANOVA"]
    assert up["blocks"].stands_out
    assert not down["blocks"].stands_out


@pytest.mark.parametrize(("count", "methods"), [(23, []), (24, ["fANOVA"]), (59, ["fANOVA"])])
def test_a_method_of_too_few_networks_says_how_many_it_needs(
    count: int, methods: list[str]
) -> None:
    found = proposals(count)
    by_method = importances(found, {p.name: float(p.params["channels"]) for p in found}, PSNR)
    assert list(by_method) == methods
    said = importance_texts(Importances(by_method, count, at_first_rung=False))
    assert said[0] == (
        f"PED-ANOVA: at least 60 networks that can be compared are needed, there are {count}."
    )


def test_noise_is_not_a_finding() -> None:
    found, draw = proposals(64), np.random.default_rng(5)
    by_method = importances(found, {p.name: float(draw.normal()) for p in found}, PSNR)
    assert max(one.share for one in by_method["fANOVA"].values()) > 0.3  # it would look like one
    shown = Importances(by_method, len(found), at_first_rung=False)
    assert shown.shares == {}
    assert all("no dimension can be told from noise" in text for text in importance_texts(shown))


def test_networks_without_a_dimension_in_common_have_no_shares() -> None:
    alike = [p.model_copy(update={"params": {"blocks": 2}}) for p in proposals(64)]
    assert importances(alike, {p.name: float(p.number) for p in alike}, PSNR) == {}
    said = importance_texts(Importances({}, 64, at_first_rung=False))
    assert said[1] == "fANOVA: no dimension varies that all networks have."
