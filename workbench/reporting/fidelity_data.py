"""Rank correlations as plain data with units in the keys, for `--json`. No torch."""

from typing import Any

from workbench.analysis.fidelity import RankPrediction
from workbench.analysis.proxies import ProxyPrediction, ProxyRanking


def prediction_to_dict(found: RankPrediction) -> dict[str, Any]:
    """Return how well something predicts the target as plain data."""
    tau, fixed = found.tau, found.at_fixed_parameters
    low, high = tau.interval() if tau else (None, None)
    fixed_low, fixed_high = fixed.interval() if fixed else (None, None)
    return {
        "networks": found.networks,
        "tau": tau and tau.tau,
        "tau_low": low,
        "tau_high": high,
        "rho_at_fixed_parameters": fixed and fixed.rho,
        "rho_low": fixed_low,
        "rho_high": fixed_high,
        "tau_ceiling": found.ceiling,
        "same_trainings": found.same_trainings,
        "says_nothing": found.says_nothing,
        **{f"regret_at_{k}_db": lost for k, lost in found.regrets.items()},
    }


def proxies_to_dict(ranking: ProxyRanking | None) -> dict[str, Any]:
    """Return the proxies as plain data with units in the keys; nothing where none was computed."""
    if ranking is None:
        return {}
    return {
        "proxies": [_to_dict(one) for one in ranking.proxies],
        "proxy_tests": ranking.tests,
    }


def _to_dict(found: ProxyPrediction) -> dict[str, Any]:
    return {
        "proxy": found.proxy.name,
        "text": found.proxy.text,
        "higher_is_better": found.proxy.higher_is_better,
        **prediction_to_dict(found.prediction),
        "p_tau_holm": found.p_tau,
        "p_rho_holm": found.p_fixed,
        **_at_fixed_channels(found),
        "seconds_per_network": found.seconds,
        "missing": dict(found.missing),
    }


def _at_fixed_channels(found: ProxyPrediction) -> dict[str, Any]:
    fixed = found.at_fixed_channels
    low, high = fixed.interval() if fixed else (None, None)
    return {
        "rho_at_fixed_channels": fixed and fixed.rho,
        "rho_at_fixed_channels_low": low,
        "rho_at_fixed_channels_high": high,
    }
