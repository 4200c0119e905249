"""How well proxies predict the ranks at the end of a training, after Holm's correction. No torch.

Whoever looks at a dozen proxies finds one that seems to rank by chance, so two tests of each, that
tau differs from 0 and that Spearman's rho at fixed parameters does, are one family.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from workbench.analysis.fidelity import FidelityTable, RankPrediction
from workbench.proxies.kinds import PROXIES, Proxy, ProxyValue, counted_proxy
from workbench.statistics.decision_rule import ALPHA

if TYPE_CHECKING:
    from workbench.statistics.ranks import PartialCorrelation


@dataclass(frozen=True)
class ProxyPrediction:
    """How well one proxy predicts the ranks of the target."""

    proxy: Proxy
    prediction: RankPrediction
    """Of its values in the direction declared to be better: a positive tau ranks as expected."""
    p_tau: float | None
    """Of "tau is 0", two-sided, after Holm; None without a tau."""
    p_fixed: float | None
    """Of "rho at fixed parameters is 0", likewise."""
    seconds: float | None
    """Computing time of a network, all its seeds; None for what is counted."""
    missing: Mapping[str, str]
    """Networks without a value, by name, and why."""
    at_fixed_channels: PartialCorrelation | None = None
    """Spearman's rho at a fixed width, over networks that have channels; not in Holm's family."""

    @property
    def ranks(self) -> bool:
        """Whether it ranks in the declared direction: tau is above 0 after Holm."""
        tau = self.prediction.tau
        return tau is not None and tau.tau > 0 and _is_small(self.p_tau)

    @property
    def ranks_reversed(self) -> bool:
        """Whether it ranks against the declared direction: tau is below 0 after Holm."""
        tau = self.prediction.tau
        return tau is not None and tau.tau < 0 and _is_small(self.p_tau)

    @property
    def adds_to_parameters(self) -> bool:
        """Whether it ranks networks of equal size: rho is above 0 after Holm."""
        fixed = self.prediction.at_fixed_parameters
        return fixed is not None and fixed.rho > 0 and _is_small(self.p_fixed)

    @property
    def is_reversed_at_fixed(self) -> bool:
        """Whether it ranks networks of equal size against the declared direction, after Holm."""
        fixed = self.prediction.at_fixed_parameters
        return fixed is not None and fixed.rho < 0 and _is_small(self.p_fixed)


@dataclass(frozen=True)
class ProxyRanking:
    """All proxies that were looked at."""

    proxies: tuple[ProxyPrediction, ...]
    tests: int
    """In the family that Holm's correction is over."""


def rank_proxies(table: FidelityTable) -> ProxyRanking | None:
    """Return how well each proxy predicts the target; None where none was computed.

    Counted costs are among them, as they are looked at, too. Values are means over the seeds of the
    target, and a network without a value under one of them is left out of the proxy's row.
    """
    from workbench.statistics.family import holm

    if not table.proxies:
        return None
    level = table.levels[table.target]
    found = []
    for proxy in PROXIES.values():
        values, missing, seconds = _values(table, proxy, list(level.scores))
        if values or any(one.proxy == proxy.name for one in table.proxies):
            sign = 1 if proxy.higher_is_better else -1
            estimates = {network: sign * value for network, value in values.items()}
            found.append((proxy, estimates, table.predict(estimates), seconds, missing))
    p_values = {}
    for proxy, _, prediction, _, _ in found:
        tau, fixed = prediction.tau, prediction.at_fixed_parameters
        if tau is not None:
            p_values[proxy.name, "tau"] = tau.p_value()
        if fixed is not None:
            p_values[proxy.name, "fixed"] = fixed.p_value()
    adjusted = holm(p_values)
    rows = tuple(
        ProxyPrediction(
            proxy,
            prediction,
            p_tau=adjusted.get((proxy.name, "tau")),
            p_fixed=adjusted.get((proxy.name, "fixed")),
            seconds=seconds,
            missing={table.names[network]: reason for network, reason in missing.items()},
            at_fixed_channels=_at_fixed_channels(table, estimates),
        )
        for proxy, estimates, prediction, seconds, missing in found
    )
    return ProxyRanking(rows, len(p_values))


def _values(
    table: FidelityTable, proxy: Proxy, networks: Sequence[str]
) -> tuple[dict[str, float], dict[str, str], float | None]:
    """Return values and reasons by network, and the mean computing time."""
    if proxy.needs == "cost":
        counted = {
            one: counted_proxy(proxy.name, table.costs[one], table.configs[one]) for one in networks
        }
        known = {one: value for one, value in counted.items() if value is not None}
        return known, {one: "it has none" for one in networks if one not in known}, None
    seeds = table.levels[table.target].seeds
    values: dict[str, float] = {}
    missing: dict[str, str] = {}
    seconds = []
    for network in networks:
        measured = _of_seeds(table.proxies, network, proxy.name, seeds)
        found = [one.value for one in measured if one.value is not None]
        if measured and len(found) == len(measured):
            values[network] = fmean(found)
            seconds.append(sum(one.seconds for one in measured))
        else:
            reasons = [one.reason for one in measured if one.value is None]
            missing[network] = reasons[0] if reasons else "it was not computed"
    return values, missing, fmean(seconds) if seconds else None


def _at_fixed_channels(
    table: FidelityTable, estimates: Mapping[str, float]
) -> PartialCorrelation | None:
    """Return Spearman's rho with the target while the channels of the trunk are held fixed."""
    from workbench.statistics.ranks import partial_correlation

    level = table.levels[table.target]
    widths = {
        one: width
        for one in estimates
        if (width := counted_proxy("channels", table.costs[one], table.configs[one])) is not None
    }
    if len(set(widths.values())) < 2:
        return None
    return partial_correlation(
        [estimates[one] for one in widths],
        [level.mean(one) for one in widths],
        list(widths.values()),
    )


def _of_seeds(
    proxies: Sequence[ProxyValue], network: str, proxy: str, seeds: Sequence[int]
) -> list[ProxyValue]:
    """Return the values under these seeds; under all seeds where there is none of these."""
    digest = network.partition(" ")[0]  # of arms with one network, names follow the hash
    found = [one for one in proxies if one.proxy == proxy and one.network == digest]
    return [one for one in found if one.seed in seeds] or found


def _is_small(p: float | None) -> bool:
    return p is not None and p < ALPHA
