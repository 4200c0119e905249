"""Shapley values: what each component of a path brings, averaged over orders.

What a step brings depends on what was there before it. The Shapley value of a component is the mean
of its step over all orders; all values together give exactly the difference of the path's ends.
All orders of n components pass 2^n networks. Where that is beyond the budget, orders are drawn
in pairs, one and its reverse, which lets every component be early as often as late.
"""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.ablation.path import AblationPath, Chosen, nodes_plan
from workbench.analysis.steps import WeightedStep
from workbench.errors import ConfigError
from workbench.execution.plan import Plan

MAX_PAIRS = 500
"""Of drawn orders that are averaged."""


@dataclass(frozen=True)
class ShapleyPlan:
    """Which networks are trained, and how their steps are averaged."""

    plan: Plan
    steps: dict[str, tuple[WeightedStep, ...]]
    """By component; the weights of each add up to 1."""
    orders: int
    """Number of orders that are averaged."""
    exact: bool
    """Whether these are all orders that there are."""

    def describe(self, budget: int) -> str:
        """Return one line that says what will run, before it does."""
        networks, seeds = len(self.plan.arms), len(self.plan.seeds)
        every = math.factorial(len(self.steps))
        orders = f"all {every:,}" if self.exact else f"{self.orders} of {every:,}"
        return (
            f"shapley: {len(self.steps)} components, {orders} orders, {networks} networks x "
            f"{seeds} seeds = {networks * seeds} trials (budget {budget})"
        )


def shapley_plan(path: AblationPath, study: str, seeds: Sequence[int], budget: int) -> ShapleyPlan:
    """Choose the orders that the budget allows.

    Args:
        path: Between two networks.
        study: Name of the study.
        seeds: At least one.
        budget: Most trials, those that the ledger has already included.

    Raises:
        ConfigError: If the budget does not suffice for two orders, or a node can not be built.
    """
    components, networks = path.order, budget // len(seeds)
    if 2 ** len(components) <= networks:
        steps = {name: tuple(_all_steps(path, name)) for name in components}
        nodes = [frozenset(c) for n in range(len(components) + 1) for c in _subsets(components, n)]
        orders, exact = math.factorial(len(components)), True
    else:
        drawn = _draw(path, networks)
        least = 2 * len(components) * len(seeds)
        if not drawn:
            raise ConfigError(
                f"--budget must be at least {least} trials for two orders of {len(components)} "
                f"components with {len(seeds)} seeds, got {budget}"
            )
        steps = _drawn_steps(path, drawn)
        nodes = list(dict.fromkeys(node for order in drawn for node in path.nodes(order)))
        orders, exact = len(drawn), False
    plan = nodes_plan(path, study, seeds, nodes, {}, {})
    return ShapleyPlan(plan, steps, orders, exact)


def _subsets(components: Sequence[str], count: int) -> Iterator[tuple[str, ...]]:
    return itertools.combinations(components, count)


def _all_steps(path: AblationPath, name: str) -> Iterator[WeightedStep]:
    """Yield the step of a component after every set of others, weighted by its share of orders."""
    others = [other for other in path.order if other != name]
    for count in range(len(others) + 1):
        weight = 1 / (len(path.order) * math.comb(len(others), count))
        for before in _subsets(others, count):
            yield _step(path, frozenset(before), name, weight)


def _drawn_steps(
    path: AblationPath, drawn: Sequence[Sequence[str]]
) -> dict[str, tuple[WeightedStep, ...]]:
    return {
        name: tuple(
            _step(path, frozenset(order[: order.index(name)]), name, 1 / len(drawn))
            for order in drawn
        )
        for name in path.order
    }


def _step(path: AblationPath, before: Chosen, name: str, weight: float) -> WeightedStep:
    return WeightedStep(weight, path.node_name(before), path.node_name(before | {name}))


def _draw(path: AblationPath, networks: int) -> list[tuple[str, ...]]:
    """Return pairs of orders that pass at most `networks` networks; none if no pair fits.

    All are drawn, the first one too: an order of the user's choice among them is no sample.
    Always the same pairs, so that a larger budget uses what a smaller one trained.
    """
    draw = random.Random(0)
    orders: list[tuple[str, ...]] = []
    nodes: set[Chosen] = set()
    for _ in range(MAX_PAIRS):
        candidate = tuple(draw.sample(path.order, len(path.order)))
        if candidate not in orders:
            pair = [candidate, candidate[::-1]]
            nodes |= {node for order in pair for node in path.nodes(order)}
            if len(nodes) > networks:
                break
            orders += pair
    return orders
