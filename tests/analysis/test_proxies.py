"""What proxies are worth: directions, Holm's correction, networks without a value."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.builders.ranking import ranked
from workbench.analysis.fidelity import FidelityTable, fidelity_table
from workbench.analysis.fidelity_levels import StudyTrials
from workbench.analysis.proxies import ProxyPrediction, rank_proxies
from workbench.config.model import ModelConfig
from workbench.proxies.kinds import ProxyValue
from workbench.statistics.ranks import partial_correlation

COUNT = 30
QUALITY = [0.1 * number for number in range(COUNT)]


def table_with(**proxies: Sequence[float | None]) -> FidelityTable:
    """Return the table of a study whose networks have these values, by seed plus or minus 1."""
    draw = np.random.default_rng(1)
    sizes = [int(size) for size in 5_000 + draw.permutation(COUNT)]
    arms = ranked("long", QUALITY, parameters=sizes)
    table = fidelity_table([StudyTrials("long", arms)])
    networks = {name: network for network, name in table.names.items()}
    values = [
        ProxyValue(
            network=networks[f"v{number:02}"],
            seed=seed,
            proxy=name,
            value=None if value is None else value + (1 if seed == 1 else -1),
            reason="the value is inf" if value is None else "",
            seconds=0.25,
        )
        for name, column in proxies.items()
        for number, value in enumerate(column)
        for seed in (1, 2)
    ]
    return replace(table, proxies=tuple(values))


def found(table: FidelityTable) -> dict[str, ProxyPrediction]:
    ranking = rank_proxies(table)
    assert ranking is not None
    return {one.proxy.name: one for one in ranking.proxies}


def noise(sd: float) -> list[float]:
    draw = np.random.default_rng(2)
    return [10 * db + sd * draw.standard_normal() for db in QUALITY]


def test_tau_is_that_of_the_means_over_the_seeds() -> None:
    values = noise(6)
    one = found(table_with(snip=values))["snip"]
    assert one.prediction.tau is not None
    assert one.prediction.tau.tau == pytest.approx(stats.kendalltau(values, QUALITY).statistic)
    assert one.ranks
    assert one.adds_to_parameters
    assert one.seconds == pytest.approx(0.5)
    assert set(one.prediction.regrets) == {1, 5}


def test_a_lower_initial_loss_counts_as_better() -> None:
    values = noise(3)
    losses = [-value for value in values]
    both = found(table_with(snip=values, initial_loss=losses, gradient_norm=losses))
    assert both["initial_loss"].prediction.tau == both["snip"].prediction.tau
    assert both["initial_loss"].prediction.regrets == both["snip"].prediction.regrets
    assert both["gradient_norm"].ranks_reversed
    assert not both["gradient_norm"].ranks


def test_costs_are_looked_at_too_and_say_nothing_where_all_are_equal() -> None:
    ranking = rank_proxies(table_with(snip=noise(3)))
    assert ranking is not None
    names = [one.proxy.name for one in ranking.proxies]
    assert names == [
        *("parameters", "multiply_adds", "activations", "convolutions", "channels", "blocks"),
        "snip",
    ]
    of = dict(zip(names, ranking.proxies, strict=True))
    assert of["parameters"].prediction.tau is not None
    assert of["parameters"].p_fixed is None  # nothing is left of it at fixed parameters
    assert of["convolutions"].prediction.tau is None
    assert not of["convolutions"].ranks
    # Network n has 8 + n channels, and all have equally many blocks.
    assert of["channels"].prediction.tau is not None
    assert of["channels"].prediction.tau.tau == pytest.approx(1)
    assert of["blocks"].prediction.tau is None
    assert ranking.tests == 5


def test_holm_counts_every_test_of_the_family() -> None:
    others = {name: noise(900) for name in ("gradient_norm", "synflow", "jacobian_rank")}
    ranking = rank_proxies(table_with(snip=noise(40), **others))
    assert ranking is not None
    pairs = [
        (p, test.p_value())
        for one in ranking.proxies
        for p, test in (
            (one.p_tau, one.prediction.tau),
            (one.p_fixed, one.prediction.at_fixed_parameters),
        )
        if p is not None and test is not None
    ]
    assert ranking.tests == len(pairs) == 11
    ordered = sorted(pairs, key=lambda pair: pair[1])
    expected = [min(1, (11 - rank) * raw) for rank, (_, raw) in enumerate(ordered)]
    assert [p for p, _ in ordered] == pytest.approx(np.maximum.accumulate(expected).tolist())
    of = {one.proxy.name: one for one in ranking.proxies}
    assert of["channels"].ranks
    assert not of["synflow"].ranks


def test_what_only_follows_the_width_adds_nothing_at_fixed_channels() -> None:
    draw = np.random.default_rng(6)
    table = table_with(snip=noise(3))
    level = table.levels[table.target]
    widths = {
        network: float(config.channels)
        for network, config in table.configs.items()
        if isinstance(config, ModelConfig)
    }
    quality = {network: widths[network] + 3 * draw.standard_normal() for network in widths}
    scores = {network: (db, db) for network, db in quality.items()}
    noisy = replace(level, scores=scores)
    of = found(replace(table, levels=(*table.levels[:-1], noisy)))
    assert of["channels"].at_fixed_channels is None
    assert of["snip"].ranks
    fixed = of["snip"].at_fixed_channels
    assert fixed is not None
    low, high = fixed.interval()
    assert low < 0 < high
    straight = partial_correlation(
        noise(3), [quality[one] for one in level.scores], list(widths.values())
    )
    assert straight is not None
    assert fixed.rho == pytest.approx(straight.rho)


def test_networks_without_a_value_are_left_out_and_named() -> None:
    values: list[float | None] = [*noise(3)]
    values[4] = None
    one = found(table_with(snip=values))["snip"]
    assert one.prediction.networks == COUNT - 1
    assert one.missing == {"v04": "the value is inf"}


def test_without_proxies_there_is_nothing_to_rank() -> None:
    assert rank_proxies(table_with()) is None
