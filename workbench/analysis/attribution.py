"""The difference of two networks, split among the components in which they differ. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.analysis.comparison import compare
from workbench.analysis.scores import complete
from workbench.analysis.steps import WeightedStep
from workbench.errors import WorkbenchError
from workbench.results import Protocol, TrialResult
from workbench.statistics.decision_rule import DecisionRule

if TYPE_CHECKING:
    from workbench.statistics.estimate import Estimate
    from workbench.statistics.matrix import Scores
    from workbench.statistics.verdicts import Decision


@dataclass(frozen=True)
class ComponentShare:
    """What one component adds to PSNR and cost, in the mean over its steps."""

    component: str
    parameters: float
    multiply_adds: float
    activations: float
    decisions: Mapping[str, Decision]
    """By data set, on the PSNR in dB (RGB)."""


@dataclass(frozen=True)
class Attribution:
    """All shares. They add up to the difference of the two networks."""

    shares: tuple[ComponentShare, ...]
    protocols: Mapping[str, Protocol]
    seeds: tuple[int, ...]
    """Seeds that are complete in every network."""
    rule: DecisionRule


def attribute(
    results: Mapping[str, Sequence[TrialResult]],
    steps: Mapping[str, Sequence[WeightedStep]],
    rule: DecisionRule | None = None,
    *,
    drawn: bool = False,
) -> Attribution:
    """Average the steps of each component.

    Args:
        results: Of each network, one for each seed.
        steps: By component; the weights of each add up to 1.
        rule: Decides the verdicts of the components, which are one family.
        drawn: Whether the steps of each component are those of orders that were drawn in pairs,
            pair after pair. Then the error includes the drawing, and one pair tests nothing.

    Raises:
        WorkbenchError: If results were scored by different protocols, or no seed is complete in
            every network.
    """
    protocols = compare(results, {}).protocols
    done = {name: complete(rows) for name, rows in results.items()}
    shared = [s for s in next(iter(done.values())) if all(s in rows for rows in done.values())]
    if not shared:
        failed = ", ".join(name for name, rows in done.items() if len(rows) < len(results[name]))
        raise WorkbenchError(f"no seed is complete in every network of the path; see {failed}")
    nodes = {name: [rows[seed] for seed in shared] for name, rows in done.items()}
    rule = rule or DecisionRule()
    judged = _judge(tuple(protocols), nodes, steps, rule, drawn=drawn)
    shares = [
        _share(component, nodes, parts, {name: found[component] for name, found in judged.items()})
        for component, parts in steps.items()
    ]
    return Attribution(tuple(shares), protocols, tuple(shared), rule)


def _judge(
    datasets: Sequence[str],
    nodes: Mapping[str, Sequence[TrialResult]],
    steps: Mapping[str, Sequence[WeightedStep]],
    rule: DecisionRule,
    *,
    drawn: bool,
) -> dict[str, dict[str, Decision]]:
    """Give the verdicts of all components, by data set and component."""
    from workbench.statistics.estimate import estimate
    from workbench.statistics.matrix import contrast
    from workbench.statistics.orders import over_orders
    from workbench.statistics.verdicts import decide

    estimates: dict[tuple[str, str], tuple[Estimate, tuple[float, ...]]] = {}
    for dataset in datasets:
        scores = {name: _scores(rows, dataset) for name, rows in nodes.items()}
        for component, parts in steps.items():
            pair = contrast(_terms(parts, scores))
            if pair is None:
                raise WorkbenchError(f"{dataset}: the networks of the path share no image")
            found = estimate(pair.delta)
            if drawn:
                found = over_orders(found, _pair_means(parts, scores))
            estimates[dataset, component] = (found, pair.seed_means)
    groups = [tuple(datasets)] if rule.scope == "study" else [(name,) for name in datasets]
    decisions: dict[str, dict[str, Decision]] = {name: {} for name in datasets}
    for group in groups:
        members = {key: one for key, one in estimates.items() if key[0] in group}
        decided = decide(members, alpha=rule.alpha, margin_db=rule.margin_db)
        for (dataset, component), decision in decided.items():
            decisions[dataset][component] = decision
    return decisions


def _pair_means(parts: Sequence[WeightedStep], scores: Mapping[str, Scores]) -> list[float]:
    """Return what each pair of orders, one and its reverse, says of a component, in dB."""
    from workbench.statistics.matrix import contrast

    pairs = [parts[place : place + 2] for place in range(0, len(parts), 2)]
    found = [contrast(_terms(pair, scores)) for pair in pairs]
    return [len(pairs) * float(one.delta.mean()) for one in found if one is not None]


def _terms(
    parts: Sequence[WeightedStep], scores: Mapping[str, Scores]
) -> list[tuple[float, Scores]]:
    """Return the weight of each network in the mean over the steps of a component."""
    weights: dict[str, float] = {}
    for step in parts:
        weights[step.after] = weights.get(step.after, 0.0) + step.weight
        weights[step.before] = weights.get(step.before, 0.0) - step.weight
    return [(weight, scores[name]) for name, weight in weights.items()]


def _share(
    component: str,
    nodes: Mapping[str, Sequence[TrialResult]],
    steps: Sequence[WeightedStep],
    decisions: Mapping[str, Decision],
) -> ComponentShare:
    def cost(field: str) -> float:
        values = {name: float(getattr(rows[0].cost, field)) for name, rows in nodes.items()}
        return sum(step.weight * (values[step.after] - values[step.before]) for step in steps)

    return ComponentShare(
        component,
        cost("parameters"),
        cost("multiply_adds"),
        cost("activations"),
        decisions,
    )


def _scores(results: Sequence[TrialResult], dataset: str) -> Scores:
    """Return the PSNR of one network in dB, by seed and by the name of the image."""
    return {
        result.config.seed: {image.name: image.psnr_rgb_db for image in scored.images}
        for result in results
        if (scored := result.score(dataset)) is not None
    }
