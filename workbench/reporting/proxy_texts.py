"""What `workbench fidelity` says of proxies: marks and sentences. No torch."""

from collections import Counter
from collections.abc import Iterable

from workbench.analysis.proxies import ProxyPrediction, ProxyRanking
from workbench.reporting.fidelity_texts import fixed_text, tau_text
from workbench.reporting.wording import listed
from workbench.statistics.decision_rule import ALPHA
from workbench.system.text import counted

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
    return [f"{what}: {names(which) if which else 'none'}" for what, which in answers.items()]


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
