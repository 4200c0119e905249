"""Candidates: combinations of a space that are built, counted and checked against its limits.

Imports torch late: costs are counted on the meta device.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from workbench.config.network import Network
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, ForeignCodeError
from workbench.results import Cost
from workbench.search.proposals import Proposal, constraint_values
from workbench.search.record import Settings
from workbench.spaces.space import Limits

LATENCY_LR_PX = 64
LATENCY_ROUNDS = 9


@dataclass(frozen=True)
class Candidate:
    """A network that can be built, and what it costs."""

    config: TrialConfig
    cost: Cost
    latency_ms: float | None = None
    """Measured if there is a limit for it."""

    def as_trial(self, proposal: Proposal) -> Proposal:
        """Return a proposal with what is known of its network."""
        return proposal.model_copy(update={"cost": self.cost, "latency_ms": self.latency_ms})


_KNOWN: ContextVar[Mapping[Network, Cost]] = ContextVar("known", default={})  # noqa: B039


@contextmanager
def known_costs(costs: Mapping[Network, Cost]) -> Iterator[None]:
    """Let `cost_of` answer with recorded costs inside the block, so that nothing is counted.

    Args:
        costs: At the size that costs are counted at, by network.
    """
    token = _KNOWN.set(costs)
    try:
        yield
    finally:
        _KNOWN.reset(token)


def cost_of(model: Network) -> Cost:
    """Return what a network costs at the size that costs are counted at; each is counted once."""
    known = _KNOWN.get().get(model)
    return _counted(model) if known is None else known


@cache
def _counted(model: Network) -> Cost:
    from workbench.models import complexity

    return complexity.cost_of(model)


@cache
def latency_of(model: Network) -> float:
    """Return the milliseconds that an untrained network takes for one image on this machine.

    64 x 64 LR px, CPU time on one thread, the median of some rounds. Each network is measured
    once in a process.
    """
    import torch

    from workbench.evaluation.latency import measure
    from workbench.models.factory import build_model

    lr_px = max(LATENCY_LR_PX, model.smallest_lr_px())
    networks = {"it": build_model(model)}
    timed = measure(networks, lr_px, lr_px, rounds=LATENCY_ROUNDS, device=torch.device("cpu"))
    return timed["it"].median_ms


@dataclass(frozen=True)
class Rejected:
    """A combination that is not trained."""

    reason: str
    excess: Mapping[str, float] = field(default_factory=dict)
    """By limit, how far above it is, as a share of the limit; empty if it cannot be built."""
    slack: Mapping[str, float] = field(default_factory=dict)
    """By limit that it is within, how far below it is, as a share of the limit."""

    def as_rejected(self, proposal: Proposal) -> Proposal:
        """Return a proposal with what is wrong with it."""
        update = {"excess": dict(self.excess), "slack": dict(self.slack)}
        return proposal.model_copy(update={"rejected": self.reason, **update})


def candidate_of(settings: Settings, overrides: Mapping[str, Any]) -> Candidate | Rejected:
    """Return the candidate of a combination of a search's space, or why it is rejected."""
    return build_candidate(settings.base, settings.pinned(overrides), settings.space.limits)


def build_candidate(
    base: TrialConfig, overrides: Mapping[str, Any], limits: Limits
) -> Candidate | Rejected:
    """Return the candidate, or why it is rejected.

    Args:
        base: The trial of the baseline.
        overrides: A combination of the space.
        limits: Hard; at a limit is within it.
    """
    try:
        config = apply_overrides(base, overrides)
    except ConfigError as error:
        return Rejected(f"cannot be built: {error}")
    # A network that is beyond what can be counted is not timed.
    try:
        found = Candidate(config, cost_of(config.model))
        _try_own_modules(config.model)
    except ForeignCodeError as error:
        return Rejected(f"cannot be built: {error}")
    if not exceeded_limit(found.cost, limits):
        found = measure_candidate(config, limits)
    too_much = exceeded_limit(found.cost, limits, found.latency_ms)
    if not too_much:
        return found
    return Rejected(too_much, **excess_and_slack(found.cost, limits, found.latency_ms))


def _try_own_modules(network: Network) -> None:
    """Refuse a network whose modules of the user's own cannot be trained."""
    if any(network.own_modules()):
        from workbench.models.probing import probe

        probe(network)


def measure_candidate(config: TrialConfig, limits: Limits) -> Candidate:
    """Return a trial with what it costs, which may be beyond the limits."""
    timed = None if limits.latency_ms is None else latency_of(config.model)
    return Candidate(config, cost_of(config.model), timed)


def exceeded_limit(cost: Cost, limits: Limits, latency_ms: float | None = None) -> str:
    """Return the first limit that a cost is beyond; empty if it is within all."""
    most = limits.plain()
    for name, value in amounts(cost, latency_ms).items():
        if most[name] is not None and value > most[name]:
            return f"{name} {value:,.6g} > {most[name]:,g}"
    return ""


def excess_and_slack(
    cost: Cost, limits: Limits, latency_ms: float | None = None
) -> dict[str, dict[str, float]]:
    """Return `excess`, of the limits that a cost is above, and `slack`, of the others.

    Both are distances to the limit as a share of it, and not negative.
    """
    most = limits.plain()
    found = {n: (v, most[n]) for n, v in amounts(cost, latency_ms).items() if most[n] is not None}
    return {
        "excess": {n: value / limit - 1 for n, (value, limit) in found.items() if value > limit},
        "slack": {n: 1 - value / limit for n, (value, limit) in found.items() if value <= limit},
    }


def constraint_values_of(proposal: Proposal, limits: Limits) -> dict[str, float]:
    """Return how far a proposal is from each limit that it was counted for, above 0 beyond it.

    As a share of the limit: of a trial from its cost, of a rejected one as it was recorded.
    """
    if proposal.cost is None:
        return constraint_values(proposal.excess, proposal.slack)
    return constraint_values(**excess_and_slack(proposal.cost, limits, proposal.latency_ms))


def amounts(cost: Cost, latency_ms: float | None = None) -> dict[str, float]:
    """Return what limits hold for, by their names."""
    found = {
        "parameters": cost.parameters,
        "multiply_adds_g": cost.multiply_adds / 1e9,
        "activations_m": cost.activations / 1e6,
        "convolutions": cost.convolutions,
    }
    return found if latency_ms is None else found | {"latency_ms": latency_ms}
