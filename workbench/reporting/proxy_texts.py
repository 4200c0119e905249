"""What `workbench fidelity` says of proxies: marks and sentences. No torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.analysis.proxies import ProxyPrediction, ProxyRanking
from workbench.reporting.fidelity_texts import fixed_text, tau_text
from workbench.reporting.wording import listed
from workbench.statistics.decision_rule import ALPHA
from workbench.system.text import counted

if TYPE_CHECKING:
    from workbench.statistics.ranks import PartialCorrelation

MARK = "*"
"""After a correlation that differs from 0 after Holm's correction."""


def marked_tau(found: ProxyPrediction) -> str:
    """Return Kendall's tau with its interval, marked where it differs from 0 after Holm."""
    text = _short(tau_text(found.prediction))
    return text + MARK if found.ranks or found.ranks_reversed else text


def marked_rho(found: ProxyPrediction) -> str:
    """Return Spearman's rho at fixed parameters, marked where it differs from 0 after Holm."""
    text = _short(fixed_text(found.prediction))
    return text + MARK if found.p_fixed is not None and found.p_fixed < ALPHA else text


def _short(text: str) -> str:
    """Return an interval without the space: negative values and a mark need the place."""
    return text.replace(", ", ",")


def seconds_text(seconds: float | None) -> str:
    """Return the computing time of a network, `-` where nothing was computed."""
    if seconds is None:
        return "-"
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:,.0f}"


def answer_texts(ranking: ProxyRanking) -> list[str]:
    """Return what the proxies are worth: after Holm, in sentences."""
    found = ranking.proxies

    def names(wanted: Iterable[ProxyPrediction]) -> str:
        return listed([one.proxy.title for one in wanted])

    answers = {
        "proxies that rank the networks": [one for one in found if one.ranks],
        "at fixed parameters": [one for one in found if one.adds_to_parameters],
        "in the opposite direction": [one for one in found if one.ranks_reversed],
        "in the opposite direction at fixed parameters": [
            one for one in found if one.is_reversed_at_fixed
        ],
        "no rank correlation shown": [
            one for one in found if not (one.ranks or one.ranks_reversed)
        ],
    }
    texts = [f"{what}: {names(which) if which else 'none'}" for what, which in answers.items()]
    widths = [
        f"{one.proxy.title} {_rho_text(one.at_fixed_channels)}"
        for one in found
        if one.at_fixed_channels is not None
    ]
    if widths:
        texts.append(f"rho at fixed channels, without a correction: {'; '.join(widths)}")
    return texts


def _rho_text(fixed: PartialCorrelation) -> str:
    low, high = fixed.interval()
    return f"{fixed.rho:z.2f} [{low:z.2f},{high:z.2f}]"


def proxy_notes(ranking: ProxyRanking) -> list[str]:
    """Return how many proxies were looked at, what marks mean, and networks without a value."""
    count = len(ranking.proxies)
    texts = [
        f"{counted(count, 'proxy', 'proxies')} looked at; {MARK}: differs from 0 after Holm's "
        f"correction over {counted(ranking.tests, 'test')} (tau and rho of each); a proxy whose "
        "lower value is better counts with its sign reversed; s: seconds a network, all seeds"
    ]
    for one in ranking.proxies:
        for reason, networks in Counter(one.missing.values()).items():
            texts.append(f"{one.proxy.title}: no value of {counted(networks, 'network')}: {reason}")
    return texts
