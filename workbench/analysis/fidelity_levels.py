"""Levels of fidelity: the ways in which the networks of studies were scored. No torch.

A level is the end of a training, a point of its learning curve, or a kind of evidence such as a
lesion. Networks are the same where their configs build the same network, in whatever study. A level
ranks networks by PSNR, the mean over images and over the seeds that all its networks have.

A point of a curve is not the end of a shorter training, whose learning rate has followed its
schedule by then: each level says which of the two it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Literal, get_args

from workbench.analysis.scores import complete
from workbench.config.evidence import Evidence
from workbench.errors import WorkbenchError
from workbench.results import CurvePoint, TrialResult
from workbench.store.keys import model_hash

VALIDATION = ""
"""In place of a benchmark's name: the validation images."""
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Points of a learning curve, as shares of its length; the nearest validations are taken."""
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
"""Kinds of evidence, the cheapest first."""

Trained = Mapping[str, Sequence[TrialResult]]
"""By network, a trial for each seed."""
Compared = Literal["end", "curve", "constant"]
"""The end of a training, a point of its curve, or one of a training whose learning rate is
constant: such a point is also the end of a shorter training."""


@dataclass(frozen=True)
class StudyTrials:
    """The finished trials of a study."""

    study: str
    arms: Mapping[str, Sequence[TrialResult]]
    """By arm, one for each seed."""


@dataclass(frozen=True)
class FidelityLevel:
    """One way to score networks."""

    study: str
    evidence: Evidence
    step: int
    """Steps trained when it was scored; 0 for a lesion."""
    total: int
    """Steps of the whole training; 0 for a lesion."""
    compared: Compared
    dataset: str
    """Whose PSNR (RGB, dB) it ranks by; `VALIDATION` for the validation images."""
    seeds: tuple[int, ...]
    scores: Mapping[str, tuple[float, ...]] = field(repr=False)
    """By network (a hash of its config), mean PSNR over the images for each seed, dB."""
    seconds: float = 0.0
    """Training time of a network up to here, all its seeds; the mean over networks."""

    @property
    def share(self) -> float:
        """Share of its own training, 0..1; 1 for a lesion."""
        return self.step / self.total if self.total else 1.0

    def mean(self, network: str) -> float:
        """Return the mean PSNR of a network over the seeds, dB."""
        values = self.scores[network]
        return sum(values) / len(values)


def networks_of(study: StudyTrials) -> dict[str, str]:
    """Return the networks of a study with a finished trial: a hash of the config, and the arm.

    Arms with the same network and different recipes are distinguished by name.
    """
    arms = [arm for arm, results in study.arms.items() if complete(results)]
    hashes = {arm: model_hash(study.arms[arm][0].config.model) for arm in arms}
    known = list(hashes.values())
    return {
        digest if known.count(digest) == 1 else f"{digest} {arm}": arm
        for arm, digest in hashes.items()
    }


def benchmarks_of(study: StudyTrials) -> list[str]:
    """Return the benchmarks that all finished trials of a study were scored on."""
    trials = _trials(study)
    names = [scores.dataset for scores in trials[0].scores] if trials else []
    return [name for name in names if all(trial.score(name) for trial in trials)]


def has_curves(study: StudyTrials) -> bool:
    """Return whether the finished trials of a study have learning curves: lesions have none."""
    return any(trial.curve for trial in _trials(study))


def check_same_images(studies: Sequence[StudyTrials], dataset: str) -> None:
    """Refuse studies whose ends were scored on other images, or in other ways.

    Args:
        studies: What is compared.
        dataset: Whose PSNR the ends are ranked by.

    Raises:
        WorkbenchError: Naming two studies.
    """
    seen: dict[str, str] = {}
    for study in studies:
        for trial in _trials(study):
            how = _scored_how(trial, dataset)
            if how:
                seen.setdefault(how, study.study)
    if len(seen) > 1:
        one, other, *_ = seen.values()
        where = f"on {dataset} in different ways" if dataset else "on different validation images"
        hint = "" if dataset else "; --dataset NAME ranks by a benchmark"
        raise WorkbenchError(f"networks of {one!r} and {other!r} were scored {where}{hint}")


def levels_of(study: StudyTrials, networks: Mapping[str, str], dataset: str) -> list[FidelityLevel]:
    """Return the levels of a study; trainings of different lengths are levels of their own.

    Args:
        study: With at least one finished trial.
        networks: From `networks_of`.
        dataset: Whose PSNR its ends are ranked by.

    Raises:
        WorkbenchError: If its networks share no finished seed.
    """
    by_length: dict[tuple[Evidence, int], dict[str, dict[int, TrialResult]]] = {}
    for network, arm in networks.items():
        trials = complete(study.arms[arm])
        first = next(iter(trials.values()))
        by_length.setdefault((first.config.evidence, first.steps), {})[network] = trials
    found = []
    for (evidence, total), trained in by_length.items():
        seeds = sorted(set.intersection(*(set(trials) for trials in trained.values())))
        if not seeds:
            raise WorkbenchError(f"study {study.study!r}: its networks share no finished seed")
        of_seeds = {name: [trials[seed] for seed in seeds] for name, trials in trained.items()}
        seconds = fmean(sum(one.training_s for one in found) for found in of_seeds.values())
        base = FidelityLevel(
            *(study.study, evidence, total, total, "end", dataset, tuple(seeds)),
            scores={},
            seconds=seconds,
        )
        found += [*_points(base, of_seeds), *_end(base, of_seeds)]
    return found


def _end(level: FidelityLevel, trained: Trained) -> list[FidelityLevel]:
    """Return the level of the end, none if not all trials have its score."""
    values = {
        name: [_end_psnr(trial, level.dataset) for trial in trials]
        for name, trials in trained.items()
    }
    known = {
        name: tuple(db for db in psnr if db is not None)
        for name, psnr in values.items()
        if None not in psnr
    }
    return [replace(level, scores=known)] if known else []


def _points(level: FidelityLevel, trained: Trained) -> list[FidelityLevel]:
    """Return the levels of points of the curves that lie before the end."""
    trials = [trial for found in trained.values() for trial in found]
    common = set.intersection(*({point.step for point in trial.curve} for trial in trials))
    before = sorted(step for step in common if step < level.total)
    if not before:
        return []
    wanted = {min(before, key=lambda step: abs(step - s * level.total)) for s in SHARES}
    compared: Compared = (
        "constant" if all(_has_constant_rate(trial) for trial in trials) else "curve"
    )
    return [
        replace(
            level,
            step=step,
            seconds=level.seconds * step / level.total,
            compared=compared,
            dataset=VALIDATION,
            scores={
                name: tuple(_at(trial, step).score.psnr_rgb_db for trial in found)
                for name, found in trained.items()
            },
        )
        for step in sorted(wanted)
    ]


def _trials(study: StudyTrials) -> list[TrialResult]:
    return [trial for results in study.arms.values() for trial in complete(results).values()]


def _end_psnr(trial: TrialResult, dataset: str) -> float | None:
    """Return the PSNR at the end of a training, dB; None if it is not known."""
    if dataset == VALIDATION:
        at_end = trial.curve and trial.curve[-1].step == trial.steps
        return trial.curve[-1].score.psnr_rgb_db if at_end else None
    scores = trial.score(dataset)
    return scores.mean().psnr_rgb_db if scores else None


def _at(trial: TrialResult, step: int) -> CurvePoint:
    return next(point for point in trial.curve if point.step == step)


def _has_constant_rate(trial: TrialResult) -> bool:
    """Return whether the learning rate never changes and the recipe has one stage."""
    stages = trial.config.training.stages
    return len(stages) == 1 and not stages[0].milestones


def _scored_how(trial: TrialResult, dataset: str) -> str:
    """Return what must be equal for two scores to be ranked together; empty if not known."""
    if dataset == VALIDATION:
        # Bicubic has one score on the same images, wherever they are kept.
        bicubic = trial.validation_bicubic
        return "" if bicubic is None else repr(bicubic)
    scores = trial.score(dataset)
    if scores is None:
        return ""
    how = scores.protocol
    parts = (how.scale, how.crop_px, how.lr_origin, how.data_hash, how.precision)
    return repr((*parts, how.tile_lr_px, how.tile_overlap_lr_px))
