"""The comparison of a plan's arms: costs, scores with their spread, differences with intervals.

No torch. Scores of different protocols are never put side by side.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.errors import WorkbenchError
from workbench.reporting.protocol_lock import Scored, check_one_protocol
from workbench.results import (
    SCORE_NAMES,
    Cost,
    DatasetScores,
    Protocol,
    TrialResult,
    TrialState,
)
from workbench.statistics.paired import PairedDifference, paired_difference

Verdict = Literal["better", "worse", "undecided", "not testable"]


@dataclass(frozen=True)
class Spread:
    """Mean over seeds of the mean over images, and the sample standard deviation over seeds."""

    mean: float
    seed_sd: float | None
    """None with one seed."""


@dataclass(frozen=True)
class ArmScore:
    """One arm on one data set."""

    scores: Mapping[str, Spread]
    """By metric: psnr_rgb_db, ssim_rgb, psnr_y_db, ssim_y."""
    delta_psnr_rgb_db: PairedDifference | None
    """Against another arm, over the seeds that both have; None for the base itself."""

    @property
    def verdict(self) -> Verdict | None:
        """What the interval says; None for the base."""
        return None if self.delta_psnr_rgb_db is None else verdict(self.delta_psnr_rgb_db)


@dataclass(frozen=True)
class ArmRow:
    """One design: what it costs and what it scores."""

    name: str
    question: str
    against: str
    """The arm that it is compared with; empty for the base."""
    cost: Cost
    seeds: tuple[int, ...]
    """Seeds that are complete."""
    datasets: Mapping[str, ArmScore]
    failures: tuple[str, ...]
    """Trials without a score: `seed 2: diverged (...)`."""


@dataclass(frozen=True)
class Comparison:
    """All arms; the first is the base."""

    rows: tuple[ArmRow, ...]
    protocols: Mapping[str, Protocol]
    """By data set."""
    confidence: float
    """Of each interval. All intervals together hold with 95 % (Bonferroni)."""


def verdict(delta: PairedDifference) -> Verdict:
    """Read an interval: it lies above zero, below zero, or does not settle the question."""
    if delta.low is None or delta.high is None:
        return "not testable"
    if delta.low > 0:
        return "better"
    return "worse" if delta.high < 0 else "undecided"


def compare(
    arms: Mapping[str, Sequence[TrialResult]],
    questions: Mapping[str, str],
    against: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare arms with the first of them, or each with the one that is named for it.

    Args:
        arms: Results of each arm, one for each seed; the first arm is the base.
        questions: By arm.
        against: By arm, the arm that it is compared with; the base where there is none.

    Raises:
        WorkbenchError: If two results were scored by different protocols, or there is none.
    """
    base = next(iter(arms), "")
    if not arms.get(base):
        raise WorkbenchError("there is no finished trial of the base to compare with")
    names = [name for name, results in arms.items() if results]
    protocols = _protocols([result for name in names for result in arms[name]])
    confidence = 1 - 0.05 / max(1, len(names) - 1)
    reference = {name: (against or {}).get(name, base) for name in names if name != base}
    rows = [
        _row(
            name,
            questions.get(name, ""),
            reference.get(name, ""),
            arms[name],
            arms.get(reference.get(name, ""), ()),
            confidence,
        )
        for name in names
    ]
    return Comparison(tuple(rows), protocols, confidence)


def as_plain(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain data with units in the keys, for `--json`."""
    return {
        "confidence": comparison.confidence,
        "protocols": {name: p.plain() for name, p in comparison.protocols.items()},
        "arms": [_plain_row(row) for row in comparison.rows],
    }


def _protocols(results: Sequence[TrialResult]) -> dict[str, Protocol]:
    """Return the protocol of each data set, or name the two trials that differ."""
    return check_one_protocol(
        Scored(f"trial {result.key[:12]}", scores.dataset, "rgb", scores.protocol)
        for result in results
        for scores in result.scores
    )


def _row(
    name: str,
    question: str,
    against: str,
    results: Sequence[TrialResult],
    base: Sequence[TrialResult],
    confidence: float,
) -> ArmRow:
    finished, reference = complete(results), complete(base)
    datasets = dict.fromkeys(s.dataset for r in finished.values() for s in r.scores)
    return ArmRow(
        name=name,
        question=question,
        against=against,
        cost=results[0].cost,
        seeds=tuple(finished),
        datasets={d: _arm_score(d, finished, reference, confidence) for d in datasets},
        failures=tuple(
            f"seed {r.config.seed}: {r.state}{f' ({r.reason})' if r.reason else ''}"
            for r in results
            if r.state is not TrialState.COMPLETE
        ),
    )


def complete(results: Sequence[TrialResult]) -> dict[int, TrialResult]:
    """Return the results that have scores, by seed."""
    return {r.config.seed: r for r in results if r.state is TrialState.COMPLETE}


def _arm_score(
    dataset: str,
    results: Mapping[int, TrialResult],
    base: Mapping[int, TrialResult],
    confidence: float,
) -> ArmScore:
    means = [scores.mean() for result in results.values() if (scores := result.score(dataset))]
    spreads = {name: _spread([getattr(mean, name) for mean in means]) for name in SCORE_NAMES}
    shared = [seed for seed in results if seed in base]
    if not shared:
        return ArmScore(spreads, None)
    left = [_psnr(results[seed].score(dataset)) for seed in shared]
    right = [_psnr(base[seed].score(dataset)) for seed in shared]
    return ArmScore(spreads, paired_difference(left, right, confidence=confidence))


def _psnr(scores: DatasetScores | None) -> list[float]:
    return [] if scores is None else [image.psnr_rgb_db for image in scores.images]


def _spread(values: Sequence[float]) -> Spread:
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), sd)


def _plain_row(row: ArmRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "question": row.question,
        "against": row.against,
        **row.cost.plain(),
        "seeds": list(row.seeds),
        "failures": list(row.failures),
        "datasets": {name: _plain_score(score) for name, score in row.datasets.items()},
    }


def _plain_score(score: ArmScore) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, spread in score.scores.items():
        plain |= {name: spread.mean, f"{name}_seed_sd": spread.seed_sd}
    delta = score.delta_psnr_rgb_db
    if delta is not None:
        plain["delta_psnr_rgb_db"] = {
            "mean": delta.mean,
            "low": delta.low,
            "high": delta.high,
            "seeds": delta.seeds,
            "images": delta.images,
            "verdict": verdict(delta),
        }
    return plain
