"""Differences over training: two networks on the validation images, step by step. No torch.

At each step that all trials of a comparison were validated at, the difference of PSNR is a matrix
seeds x images, and its interval that of crossed random effects, as for verdicts. The intervals are
of one step each and are not adjusted for the number of steps or of comparisons.

Whether a difference still moves is asked of its late change: the least-squares slope of the
difference over the last third of training, times the steps of that third. It is `settled` if two
one-sided tests show the change to be within the equivalence margin, `still moving` if they do not
and the change differs from 0, and `not known` otherwise. It speaks of this training only: one with
more steps lowers its learning rate later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from workbench.analysis.comparison import Comparison
from workbench.analysis.scores import complete
from workbench.results import CurvePoint, TrialResult

if TYPE_CHECKING:
    from workbench.statistics.estimate import Estimate
    from workbench.statistics.matrix import Differences, Scores

Trend = Literal["settled", "still moving", "not known"]
Interval = tuple[float, float]
_LATE = 2 / 3
"""Share of the steps after which training is late."""
_ALL_IMAGES = "mean of the validation images"


@dataclass(frozen=True)
class DifferencePoint:
    """The difference at one step."""

    step: int
    """Steps trained, over all stages."""
    estimate: Estimate
    """Of PSNR in dB (RGB); positive means the variant is better."""
    confidence: float

    @cached_property
    def interval(self) -> Interval | None:
        """Interval over seeds and images, not adjusted; None with one seed."""
        return self.estimate.interval(self.confidence)


@dataclass(frozen=True)
class LateChange:
    """By how much a difference changes over the last third of training."""

    first_step: int
    last_step: int
    estimate: Estimate
    """Of the change in dB: slope of the difference times the steps between the two."""
    alpha: float
    margin_db: float

    @property
    def interval(self) -> Interval | None:
        """Interval of confidence 1 - alpha; None with one seed."""
        return self.estimate.interval(1 - self.alpha)

    @property
    def equivalence_interval(self) -> Interval | None:
        """Interval of confidence 1 - 2 alpha, which is within the margin where it has settled."""
        return self.estimate.interval(1 - 2 * self.alpha)

    @property
    def trend(self) -> Trend:
        """Whether the difference has settled; see the head of this file."""
        equivalence = self.estimate.p_equivalence(self.margin_db)
        difference = self.estimate.p_difference()
        if equivalence is None or difference is None:
            return "not known"
        if equivalence <= self.alpha:
            return "settled"
        return "still moving" if difference <= self.alpha else "not known"


@dataclass(frozen=True)
class TrainingDifference:
    """The difference of one member of the family against the training step."""

    name: str
    against: str
    """The arm that it is compared with; empty for an effect over several arms."""
    points: tuple[DifferencePoint, ...]
    """At least one, in the order of the steps."""
    late: LateChange | None
    """None where fewer than two points are late."""
    seeds: tuple[int, ...]
    images: tuple[str, ...]
    """Names of the validation images; empty where only their mean is known, as in records of
    0.4.0 and earlier versions: then the intervals are over seeds, on these images."""

    @property
    def trend(self) -> Trend:
        """Whether the difference has settled; `not known` without late points."""
        return self.late.trend if self.late else "not known"


def training_differences(
    comparison: Comparison, results: Mapping[str, Sequence[TrialResult]]
) -> tuple[TrainingDifference, ...]:
    """Return the differences over training of a family, in its order.

    Members without a shared seed or a shared step are left out, and those whose networks were
    validated on other images.

    Args:
        comparison: With the family and its rule.
        results: Of each arm, one for each seed.
    """
    against = {row.name: row.against for row in comparison.rows if row.against}
    family = {name: {name: 1.0, other: -1.0} for name, other in against.items()}
    family |= {effect.name: dict(effect.terms) for effect in comparison.effects}
    found = []
    for name, terms in family.items():
        arms = {arm: complete(results.get(arm, ())) for arm in terms}
        pairs = _pairs(terms, arms)
        if pairs:
            found.append(_difference(name, against.get(name, ""), pairs, comparison))
    return tuple(found)


def _difference(
    name: str, against: str, pairs: Mapping[int, Differences], comparison: Comparison
) -> TrainingDifference:
    from workbench.statistics.estimate import estimate

    rule, first = comparison.rule, next(iter(pairs.values()))
    return TrainingDifference(
        name=name,
        against=against,
        points=tuple(
            DifferencePoint(step, estimate(pair.delta), 1 - rule.alpha)
            for step, pair in pairs.items()
        ),
        late=_late_change(pairs, rule.alpha, rule.margin_db),
        seeds=first.seeds,
        images=() if first.images == (_ALL_IMAGES,) else first.images,
    )


def _late_change(
    pairs: Mapping[int, Differences], alpha: float, margin_db: float
) -> LateChange | None:
    """Return the change from the last step before the last third on."""
    import numpy as np

    from workbench.statistics.estimate import estimate

    last = max(pairs)
    first = max((step for step in pairs if step <= _LATE * last), default=min(pairs))
    late = [step for step in pairs if step >= first]
    if len(late) < 2:
        return None
    centred = np.array(late) - np.mean(late)
    slopes = centred / (centred @ centred)
    change = sum(
        slope * pairs[step].delta for slope, step in zip(slopes.tolist(), late, strict=True)
    )
    return LateChange(first, last, estimate((last - first) * change), alpha, margin_db)


def _pairs(
    terms: Mapping[str, float], arms: Mapping[str, Mapping[int, TrialResult]]
) -> dict[int, Differences]:
    """Return seeds x images of a comparison by step: the same seeds and images at each step."""
    from workbench.statistics.matrix import contrast

    shared = sorted(set.intersection(*(set(trials) for trials in arms.values())))
    trials = [arms[arm][seed] for arm in terms for seed in shared]
    if not trials or len({_validated_on(trial) for trial in trials}) > 1:
        return {}
    steps = set.intersection(*({point.step for point in trial.curve} for trial in trials))
    whole = all(_at(trial, step).per_image for trial in trials for step in steps)

    def scores(arm: str, step: int) -> Scores:
        return {seed: _psnr(arms[arm][seed], step, whole=whole) for seed in shared}

    pairs = {
        step: contrast([(weight, scores(arm, step)) for arm, weight in terms.items()])
        for step in sorted(steps)
    }
    return {step: pair for step, pair in pairs.items() if pair is not None}


def _validated_on(trial: TrialResult) -> str:
    """Return what tells the validation images of two trials apart."""
    data = trial.config.data
    return f"{data.validation!r} {data.degradation} {trial.config.model.scale}"


def _at(trial: TrialResult, step: int) -> CurvePoint:
    return next(point for point in trial.curve if point.step == step)


def _psnr(trial: TrialResult, step: int, *, whole: bool) -> dict[str, float]:
    """Return the PSNR of each validation image, or their mean where not all trials have them."""
    point = _at(trial, step)
    if not whole or point.per_image is None:
        return {_ALL_IMAGES: point.score.psnr_rgb_db}
    return dict(zip(trial.validation_images, point.per_image.psnr_rgb_db, strict=True))
