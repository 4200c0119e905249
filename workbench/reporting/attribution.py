"""The difference of two networks, split among the components in which they differ. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import WorkbenchError
from workbench.reporting.comparison import compare, complete, verdict
from workbench.reporting.steps import WeightedStep
from workbench.results import Protocol, TrialResult
from workbench.statistics.paired import PairedDifference, paired_difference


@dataclass(frozen=True)
class ComponentShare:
    """What one component brings and costs in the mean over its steps."""

    component: str
    parameters: float
    multiply_adds: float
    activations: float
    delta_psnr_rgb_db: Mapping[str, PairedDifference]
    """By data set."""


@dataclass(frozen=True)
class Attribution:
    """All shares. They add up to the difference of the two networks."""

    shares: tuple[ComponentShare, ...]
    protocols: Mapping[str, Protocol]
    seeds: tuple[int, ...]
    """Seeds that are complete in every network."""
    confidence: float
    """Of each interval. All intervals together hold with 95 % (Bonferroni)."""


def attribute(
    results: Mapping[str, Sequence[TrialResult]], steps: Mapping[str, Sequence[WeightedStep]]
) -> Attribution:
    """Average the steps of each component.

    Args:
        results: Of each network, one for each seed.
        steps: By component; the weights of each add up to 1.

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
    confidence = 1 - 0.05 / len(steps)
    nodes = {name: [rows[seed] for seed in shared] for name, rows in done.items()}
    shares = [
        _share(component, nodes, parts, list(protocols), confidence)
        for component, parts in steps.items()
    ]
    return Attribution(tuple(shares), protocols, tuple(shared), confidence)


def attribution_as_plain(attribution: Attribution) -> dict[str, Any]:
    """Return the shares as plain data with units in the keys, for `--json`."""
    return {
        share.component: {
            "parameters": share.parameters,
            "multiply_adds": share.multiply_adds,
            "activations": share.activations,
            "delta_psnr_rgb_db": {
                name: {
                    "mean": delta.mean,
                    "low": delta.low,
                    "high": delta.high,
                    "verdict": verdict(delta),
                }
                for name, delta in share.delta_psnr_rgb_db.items()
            },
        }
        for share in attribution.shares
    }


def _share(
    component: str,
    nodes: Mapping[str, Sequence[TrialResult]],
    steps: Sequence[WeightedStep],
    datasets: Sequence[str],
    confidence: float,
) -> ComponentShare:
    def cost(field: str) -> float:
        values = {name: float(getattr(rows[0].cost, field)) for name, rows in nodes.items()}
        return sum(step.weight * (values[step.after] - values[step.before]) for step in steps)

    def mean(dataset: str, side: str) -> NDArray[np.float64]:
        weighted = [s.weight * _scores(nodes[getattr(s, side)], dataset) for s in steps]
        total: NDArray[np.float64] = np.stack(weighted).sum(axis=0)  # (seeds, images)
        return total

    return ComponentShare(
        component=component,
        parameters=cost("parameters"),
        multiply_adds=cost("multiply_adds"),
        activations=cost("activations"),
        delta_psnr_rgb_db={
            name: paired_difference(
                mean(name, "after"), mean(name, "before"), confidence=confidence
            )
            for name in datasets
        },
    )


def _scores(results: Sequence[TrialResult], dataset: str) -> NDArray[np.float64]:
    """Return the PSNR (seeds, images) of one network."""
    scored = [result.score(dataset) for result in results]
    return np.array([[image.psnr_rgb_db for image in s.images] for s in scored if s is not None])
