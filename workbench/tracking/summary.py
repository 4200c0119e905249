"""One run for each variant of a study: the means and verdicts over its seeds. No mlflow."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.results import Cost

SUMMARY = "summary"
"""What stands in place of the seed in the tags of such a run."""


@dataclass(frozen=True)
class VariantSummary:
    """Means and verdicts over the seeds of one variant."""

    study: str
    variant: str
    digest: str
    """Of everything that it rests on: declaration and results. The same digest, the same run."""
    moment_s: float
    """Unix time of the last result."""
    seeds: int
    cost: Cost
    figures: Mapping[str, float]
    """By metric, such as `delta/Set5`."""
    params: Mapping[str, str]
    """The config, as trials have it."""
    verdicts: Mapping[str, str]
    """By data set."""
    note: str
    """Markdown."""
    evidence: Mapping[str, str]
    """The kind of evidence, as tags."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Artifacts by file name."""
    curves: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """By metric and step, such as the difference over training."""
    trials: Mapping[tuple[int, str], Mapping[str, float]] = field(default_factory=dict)
    """What is known of its trials only in comparison, by (seed, key of the ledger) and metric."""
