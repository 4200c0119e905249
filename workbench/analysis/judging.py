"""The verdicts of a family on one data set: differences of arms, or effects over many arms.

Neither torch nor numpy until the first family is judged: plans and listings import this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.statistics.decision_rule import DecisionRule
from workbench.statistics.effects import Terms
from workbench.statistics.sequential import shares

if TYPE_CHECKING:
    from workbench.statistics.matrix import Differences, Scores
    from workbench.statistics.sensitivity import Sensitivity
    from workbench.statistics.verdicts import Decision


@dataclass(frozen=True)
class Difference:
    """One member of the family on one data set, in PSNR dB (RGB)."""

    decision: Decision
    sensitivity: Sensitivity
    bootstrap: tuple[float, float] | None
    """Interval of the double bootstrap, a check; None with one seed."""
    pair: Differences
    """The differences themselves, seeds x images."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that all arms have."""
        return self.pair.seeds

    @property
    def images(self) -> tuple[str, ...]:
        """Images that every trial of them has."""
        return self.pair.images


@dataclass(frozen=True)
class ArmScores:
    """What the arms scored on one data set, by arm."""

    scores: Mapping[str, Scores]
    tried: Mapping[str, frozenset[int]]
    """Seeds whose trial has ended, with or without a score."""


def judge(
    scored: ArmScores, family: Mapping[str, Terms], rule: DecisionRule
) -> dict[str, Difference]:
    """Give the verdicts of a family; members without a shared seed or image have none.

    With several looks, a member is judged at each look that its arms have reached, at that look's
    share of alpha, until it is settled; later seeds do not change its verdict.

    Args:
        scored: On one data set.
        family: Its members by name, all that were declared.
        rule: Decides their verdicts.
    """
    if not rule.looks:
        return _judge(scored, family, rule, rule.alpha, len(family))
    found: dict[str, Difference] = {}
    rates = shares(rule.alpha, [len(seeds) for seeds in rule.looks])
    for seeds, alpha in zip(rule.looks, rates, strict=True):
        waiting = {
            name: terms
            for name, terms in family.items()
            if (name not in found or found[name].decision.verdict == "undecided")
            and all(scored.tried.get(arm, frozenset()).issuperset(seeds) for arm in terms)
        }
        found |= _judge(_only(scored, seeds), waiting, rule, alpha, len(family))
    return found


def _only(scored: ArmScores, seeds: tuple[int, ...]) -> ArmScores:
    """Return what a look sees."""
    cut = {
        arm: {seed: images for seed, images in scores.items() if seed in seeds}
        for arm, scores in scored.scores.items()
    }
    return ArmScores(cut, scored.tried)


def _judge(
    scored: ArmScores, family: Mapping[str, Terms], rule: DecisionRule, alpha: float, size: int
) -> dict[str, Difference]:
    from workbench.statistics.bootstrap import double_bootstrap
    from workbench.statistics.estimate import estimate
    from workbench.statistics.matrix import contrast
    from workbench.statistics.sensitivity import sensitivity
    from workbench.statistics.verdicts import decide

    pairs: dict[str, Differences] = {}
    for name, terms in family.items():
        pair = contrast([(weight, scored.scores.get(arm, {})) for arm, weight in terms.items()])
        if pair is not None:
            pairs[name] = pair
    decisions = decide(
        {name: (estimate(pair.delta), pair.seed_means) for name, pair in pairs.items()},
        alpha=alpha,
        margin_db=rule.margin_db,
        size=size,
    )
    return {
        name: Difference(
            decision=decisions[name],
            sensitivity=sensitivity(pair.delta, pair.images),
            bootstrap=double_bootstrap(pair.delta, confidence=1 - alpha)
            if len(pair.seeds) > 1
            else None,
            pair=pair,
        )
        for name, pair in pairs.items()
    }
