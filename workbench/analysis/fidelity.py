"""How well a short training, or a cheap kind of evidence, predicts the ranks of a long one.

Two levels (`fidelity_levels.py`) are compared by the networks that both have. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.analysis.fidelity_levels import (
    EVIDENCE,
    VALIDATION,
    FidelityLevel,
    StudyTrials,
    benchmarks_of,
    check_same_images,
    has_curves,
    levels_of,
    networks_of,
)
from workbench.config.network import Network
from workbench.errors import WorkbenchError, nearest
from workbench.proxies.kinds import ProxyValue
from workbench.results import Cost

if TYPE_CHECKING:
    from workbench.statistics.ranks import PartialCorrelation, RankCorrelation

REGRETS = (1, 5)
"""How many networks are picked by the cheaper level."""


@dataclass(frozen=True)
class RankPrediction:
    """How well one level predicts the ranks of another."""

    networks: int
    """That both levels have."""
    tau: RankCorrelation | None
    """Kendall's tau; None for too few networks, or if all are equal."""
    at_fixed_parameters: PartialCorrelation | None
    """Spearman's rho at a fixed number of parameters; None where it is not defined."""
    ceiling: float | None
    """Tau of two rankings by the predicted level under different seeds, at best."""
    regrets: Mapping[int, float]
    """By k: dB that the best of the k networks picked by the cheaper level lacks to the best."""
    same_trainings: bool
    """Whether both levels are of the same trainings: they share the noise of their seeds, and tau
    may be above the ceiling."""

    @property
    def says_nothing(self) -> bool:
        """Whether no rank correlation is shown: 0 is in its interval, or there is none."""
        return self.tau is None or self.tau.interval()[0] <= 0


@dataclass(frozen=True)
class FidelityTable:
    """All levels, and how well each predicts the others."""

    levels: tuple[FidelityLevel, ...]
    """Cheaper before dearer: lesions, healed, retrained, each by its steps."""
    target: int
    """Index of the level that the others are to predict."""
    parameters: Mapping[str, int]
    """By network."""
    names: Mapping[str, str]
    """By network, what its study calls it."""
    left_out: tuple[str, ...] = ()
    """Networks of a study that have no finished trial, such as `no-esa of parts`."""
    costs: Mapping[str, Cost] = field(default_factory=dict)
    """By network."""
    configs: Mapping[str, Network] = field(default_factory=dict)
    """By network."""
    proxies: tuple[ProxyValue, ...] = ()
    """Of the networks' initial weights, if they were computed."""

    def prediction(self, cheap: int, dear: int) -> RankPrediction:
        """Return how well a level predicts another, by their indices."""
        one, other = self.levels[cheap], self.levels[dear]
        shared = [network for network in one.scores if network in other.scores]
        return self._prediction(
            [one.mean(network) for network in shared],
            other,
            shared,
            same=one.study == other.study and one.total == other.total,
        )

    def prediction_of(self, level: FidelityLevel) -> RankPrediction:
        """Return how well a level predicts the target."""
        return self.prediction(self.levels.index(level), self.target)

    def by_parameters(self) -> RankPrediction:
        """Return how well the number of parameters alone predicts the target."""
        target = self.levels[self.target]
        return self.predict({one: float(self.parameters[one]) for one in target.scores})

    def predict(self, estimates: Mapping[str, float]) -> RankPrediction:
        """Return how well an estimate of quality, higher is better, predicts the target.

        Args:
            estimates: By network; others of the target are left out.
        """
        target = self.levels[self.target]
        shared = [network for network in target.scores if network in estimates]
        known = [estimates[network] for network in shared]
        return self._prediction(known, target, shared, same=False)

    def _prediction(
        self, estimates: list[float], dear: FidelityLevel, shared: list[str], *, same: bool
    ) -> RankPrediction:
        import numpy as np

        from workbench.statistics.ranks import (
            partial_correlation,
            rank_correlation,
            regret,
            seed_ceiling,
        )

        quality = [dear.mean(network) for network in shared]
        sizes = [float(self.parameters[network]) for network in shared]
        by_seed = np.array([dear.scores[network] for network in shared])
        return RankPrediction(
            networks=len(shared),
            tau=rank_correlation(estimates, quality),
            at_fixed_parameters=partial_correlation(estimates, quality, sizes),
            ceiling=seed_ceiling(by_seed) if shared else None,
            regrets={k: regret(estimates, quality, k) for k in REGRETS if len(shared) > k},
            same_trainings=same,
        )


def fidelity_table(
    studies: Sequence[StudyTrials], *, dataset: str | None = None, target: str | None = None
) -> FidelityTable:
    """Return all levels of studies, and how well each predicts the others.

    Args:
        studies: At least one.
        dataset: Whose PSNR the ends are ranked by; points of curves are of the validation images.
            None for the validation images, or, if a study has no learning curves, for the first
            benchmark that all studies have.
        target: The study whose end is to be predicted; by default that of the strongest kind of
            evidence and, of this kind, of the longest training.

    Raises:
        WorkbenchError: If networks of a study share no finished seed, if scores were made in
            different ways, or if no study has the requested scores.
    """
    chosen = _dataset(studies, dataset)
    check_same_images(studies, chosen)
    levels: list[FidelityLevel] = []
    names: dict[str, str] = {}
    costs: dict[str, Cost] = {}
    configs: dict[str, Network] = {}
    left_out: list[str] = []
    for study in studies:
        networks = networks_of(study)
        for network, arm in networks.items():
            names.setdefault(network, arm)
            costs.setdefault(network, study.arms[arm][0].cost)
            configs.setdefault(network, study.arms[arm][0].config.model)
        scored = set(networks.values())
        left_out += [f"{arm} of {study.study}" for arm in study.arms if arm not in scored]
        levels += levels_of(study, networks, chosen)
    ends = [one for one in levels if one.compared == "end" and target in (None, one.study)]
    if not ends:
        where = f"study {target!r}" if target else ", ".join(study.study for study in studies)
        what = f"scores on {chosen}" if chosen else "learning curves"
        raise WorkbenchError(f"{where}: no finished trial has {what}, so there is nothing to rank")
    levels.sort(key=_dearness)
    place = levels.index(max(ends, key=_dearness))
    return FidelityTable(
        tuple(levels),
        place,
        parameters={network: cost.parameters for network, cost in costs.items()},
        names=names,
        left_out=tuple(left_out),
        costs=costs,
        configs=configs,
    )


def _dataset(studies: Sequence[StudyTrials], dataset: str | None) -> str:
    """Return the data set that ends are ranked by.

    Raises:
        WorkbenchError: For one that no study has.
    """
    scored = [benchmarks_of(study) for study in studies]
    if dataset is not None:
        known = list(dict.fromkeys(name for names in scored for name in names))
        if dataset not in known:
            raise WorkbenchError(f"unknown data set {dataset!r}; {nearest(dataset, known)}")
        return dataset
    if all(has_curves(study) for study in studies):
        return VALIDATION
    shared = [name for name in scored[0] if all(name in names for names in scored)]
    return shared[0] if shared else VALIDATION


def _dearness(level: FidelityLevel) -> tuple[int, int, int]:
    return EVIDENCE.index(level.evidence), level.step, level.total
