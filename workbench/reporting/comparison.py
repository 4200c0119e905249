"""The comparison of a plan's arms: costs, scores with their spread, differences with verdicts.

No torch. Scores of different protocols are never put side by side.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from workbench.statistics.bootstrap import double_bootstrap
from workbench.statistics.estimate import estimate
from workbench.statistics.levels import ALPHA, MARGIN_DB
from workbench.statistics.matrix import Differences, differences
from workbench.statistics.sensitivity import Sensitivity, sensitivity
from workbench.statistics.verdicts import Decision, decide


@dataclass(frozen=True)
class Rules:
    """By what the differences of a family are judged."""

    alpha: float = ALPHA
    """Error rate of the whole family on one data set."""
    margin_db: float = MARGIN_DB
    """Differences within it do not matter."""


@dataclass(frozen=True)
class Spread:
    """Mean over seeds of the mean over images, and the sample standard deviation over seeds."""

    mean: float
    seed_sd: float | None
    """None with one seed."""


@dataclass(frozen=True)
class Difference:
    """One arm against another on one data set, in PSNR dB (RGB)."""

    decision: Decision
    sensitivity: Sensitivity
    bootstrap: tuple[float, float] | None
    """Interval of the double bootstrap, a check; None with one seed."""
    pair: Differences
    """The differences themselves, seeds x images."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that both have."""
        return self.pair.seeds

    @property
    def images(self) -> tuple[str, ...]:
        """Images that every trial of both has."""
        return self.pair.images


@dataclass(frozen=True)
class ArmScore:
    """One arm on one data set."""

    scores: Mapping[str, Spread]
    """By metric: psnr_rgb_db, ssim_rgb, psnr_y_db, ssim_y."""
    difference: Difference | None
    """Against another arm; None for the base itself, or if they share no seed."""


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
    rules: Rules


def compare(
    arms: Mapping[str, Sequence[TrialResult]],
    questions: Mapping[str, str],
    against: Mapping[str, str] | None = None,
    rules: Rules | None = None,
) -> Comparison:
    """Compare arms with the first of them, or each with the one that is named for it.

    The verdicts of a data set are those of one family: all arms but the base.

    Args:
        arms: Results of each arm, one for each seed; the first arm is the base.
        questions: By arm.
        against: By arm, the arm that it is compared with; the base where there is none.
        rules: By what differences are judged.

    Raises:
        WorkbenchError: If two results were scored by different protocols, or there is none.
    """
    base = next(iter(arms), "")
    if not arms.get(base):
        raise WorkbenchError("there is no finished trial of the base to compare with")
    names = [name for name, results in arms.items() if results]
    protocols = _protocols([result for name in names for result in arms[name]])
    reference = {name: (against or {}).get(name, base) for name in names if name != base}
    finished = {name: complete(arms[name]) for name in names}
    rules = rules or Rules()
    judged = {dataset: _judge(dataset, finished, reference, rules) for dataset in protocols}
    rows = [
        ArmRow(
            name=name,
            question=questions.get(name, ""),
            against=reference.get(name, ""),
            cost=arms[name][0].cost,
            seeds=tuple(finished[name]),
            datasets=_scores(finished[name], {d: judged[d].get(name) for d in protocols}),
            failures=_failures(arms[name]),
        )
        for name in names
    ]
    return Comparison(tuple(rows), protocols, rules)


def as_plain(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain data with units in the keys, for `--json`."""
    return {
        "alpha": comparison.rules.alpha,
        "margin_db": comparison.rules.margin_db,
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


def _judge(
    dataset: str,
    finished: Mapping[str, Mapping[int, TrialResult]],
    reference: Mapping[str, str],
    rules: Rules,
) -> dict[str, Difference]:
    """Give the verdicts of one data set."""
    pairs: dict[str, Differences] = {}
    for name, other in reference.items():
        found = differences(_psnr(finished[name], dataset), _psnr(finished.get(other, {}), dataset))
        if found is not None:
            pairs[name] = found
    decisions = decide(
        {name: (estimate(pair.delta), pair.seed_means) for name, pair in pairs.items()},
        alpha=rules.alpha,
        margin_db=rules.margin_db,
    )
    return {
        name: Difference(
            decision=decisions[name],
            sensitivity=sensitivity(pair.delta, pair.images),
            bootstrap=double_bootstrap(pair.delta, confidence=1 - rules.alpha)
            if len(pair.seeds) > 1
            else None,
            pair=pair,
        )
        for name, pair in pairs.items()
    }


def complete(results: Sequence[TrialResult]) -> dict[int, TrialResult]:
    """Return the results that have scores, by seed."""
    return {r.config.seed: r for r in results if r.state is TrialState.COMPLETE}


def _failures(results: Sequence[TrialResult]) -> tuple[str, ...]:
    return tuple(
        f"seed {r.config.seed}: {r.state}{f' ({r.reason})' if r.reason else ''}"
        for r in results
        if r.state is not TrialState.COMPLETE
    )


def _scores(
    results: Mapping[int, TrialResult], judged: Mapping[str, Difference | None]
) -> dict[str, ArmScore]:
    """Return means and differences of one arm, by data set."""
    found = {}
    for dataset in dict.fromkeys(s.dataset for r in results.values() for s in r.scores):
        means = [scores.mean() for r in results.values() if (scores := r.score(dataset))]
        spreads = {name: _spread([getattr(mean, name) for mean in means]) for name in SCORE_NAMES}
        found[dataset] = ArmScore(spreads, judged.get(dataset))
    return found


def _psnr(results: Mapping[int, TrialResult], dataset: str) -> dict[int, dict[str, float]]:
    """Return seed -> image -> PSNR in dB."""
    scored: dict[int, DatasetScores | None] = {s: r.score(dataset) for s, r in results.items()}
    return {
        seed: {image.name: image.psnr_rgb_db for image in scores.images}
        for seed, scores in scored.items()
        if scores is not None
    }


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
    if score.difference is not None:
        plain["delta_psnr_rgb_db"] = plain_difference(score.difference)
    return plain


def plain_difference(difference: Difference) -> dict[str, Any]:
    """Return a difference as plain data; all in dB unless the name says otherwise."""
    decision, extra = difference.decision, difference.sensitivity
    low, high = decision.interval or (None, None)
    return {
        "mean": decision.estimate.mean,
        "low": low,
        "high": high,
        "verdict": decision.verdict,
        "further_seeds": decision.further_seeds,
        "seeds": len(difference.seeds),
        "images": len(difference.images),
        "seed_sd": decision.estimate.seed_sd,
        "image_sd": decision.estimate.image_sd,
        "p": decision.p,
        "p_holm": decision.p_holm,
        "p_equivalence_holm": decision.p_equivalence_holm,
        "p_sign_flip": decision.p_sign_flip,
        "smallest_p_sign_flip": decision.smallest_p_sign_flip,
        "bootstrap": difference.bootstrap and list(difference.bootstrap),
        "median": extra.median,
        "win_rate": extra.win_rate,
        "without_one_image": [extra.low_without_one, extra.high_without_one],
        "most_influential_image": extra.most_influential,
    }
