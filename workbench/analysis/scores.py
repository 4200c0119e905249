"""The scores of arms: means with their spread, PSNR by seed and image, failures. No torch."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.analysis.judging import ArmScores
from workbench.results import MeanScore, TrialResult, TrialState


@dataclass(frozen=True)
class Spread:
    """Mean over seeds of the mean over images, and the sample standard deviation over seeds."""

    mean: float
    seed_sd: float | None
    """None with one seed."""


def complete(results: Sequence[TrialResult]) -> dict[int, TrialResult]:
    """Return the results that have scores, by seed."""
    return {r.config.seed: r for r in results if r.state is TrialState.COMPLETE}


def failures(results: Sequence[TrialResult]) -> tuple[str, ...]:
    """Return the trials without scores: `seed 2: diverged (...)`."""
    return tuple(
        f"seed {r.config.seed}: {r.state}{f' ({r.reason})' if r.reason else ''}"
        for r in results
        if r.state is not TrialState.COMPLETE
    )


def bicubic_scores(results: Sequence[TrialResult]) -> dict[str, MeanScore]:
    """Return the scores of bicubic by data set: the protocol is one, so they are the same."""
    return {
        scores.dataset: scores.bicubic
        for result in reversed(results)
        for scores in result.scores
        if scores.bicubic is not None
    }


def psnr_of_arms(arms: Mapping[str, Sequence[TrialResult]], dataset: str) -> ArmScores:
    """Return the PSNR of each arm in dB (RGB), by seed and image."""
    return ArmScores(
        {name: _psnr(complete(results), dataset) for name, results in arms.items()},
        {name: frozenset(r.config.seed for r in results) for name, results in arms.items()},
        all(r.config.is_lesion for results in arms.values() for r in results),
    )


def _psnr(results: Mapping[int, TrialResult], dataset: str) -> dict[int, dict[str, float]]:
    """Return seed -> image -> PSNR in dB."""
    scored = {seed: result.score(dataset) for seed, result in results.items()}
    return {
        seed: {image.name: image.psnr_rgb_db for image in scores.images}
        for seed, scores in scored.items()
        if scores is not None
    }


def spread_of(values: Sequence[float]) -> Spread:
    """Return mean and sample standard deviation of values, one for each seed."""
    sd = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), sd)
