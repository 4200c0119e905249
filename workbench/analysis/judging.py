"""The verdicts of a family on one data set: differences of arms, or effects over many arms.

Neither torch nor numpy until the first family is judged: plans and listings import this file.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.statistics.decision_rule import SETTLED, DecisionRule
from workbench.statistics.effects import Terms
from workbench.statistics.sequential import Look, schedule

if TYPE_CHECKING:
    from workbench.statistics.gatekeeping import Gates
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
    look: int | None = None
    """Number of seeds of the look that judged it; None if the study judges once."""
    left: float = 0.0
    """Error rate that is left for later looks."""
    behind: tuple[tuple[str, str], ...] = ()
    """Of an interaction: the pairs of main effects that it is tested behind."""
    shut: bool = False
    """Whether no look can test it any more, as the verdicts on its main effects stand."""

    @property
    def settled(self) -> bool:
        """Whether it has a verdict that later seeds do not change."""
        return self.decision.verdict in SETTLED

    @property
    def differs(self) -> bool:
        """Whether "there is no difference" is rejected at the look that judged it."""
        p = self.decision.p_holm
        return p is not None and p <= self.decision.alpha

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
    fixed_weights: bool = False
    """Whether the arms are lesions: nothing was trained, so only images vary."""


Behind = Mapping[str, tuple[tuple[str, str], ...]]
"""By interaction, the pairs of main effects that it is tested behind."""
Key = tuple[str, str]
"""A member of the family on one data set: (data set, name)."""


def judge(
    scored: Mapping[str, ArmScores],
    family: Mapping[str, Terms],
    rule: DecisionRule,
    behind: Behind | None = None,
) -> dict[str, dict[str, Difference]]:
    """Give the verdicts of a family; members without a shared seed or image have none.

    The error rate holds on each data set, or over all of them, as the rule says. With several
    looks, a member is judged at each look that its arms have reached, at that look's share of
    alpha, until it is settled; later seeds do not change its verdict, and its part of the later
    shares goes to the others. What cannot be tested at a look is judged at the next one.

    Args:
        scored: By data set.
        family: Its members by name, all that were declared.
        rule: Decides their verdicts.
        behind: The interactions that are tested behind main effects, by name.

    Returns:
        By data set, then by member.
    """
    found: dict[str, dict[str, Difference]] = {dataset: {} for dataset in scored}
    groups = [tuple(scored)] if rule.scope == "study" else [(dataset,) for dataset in scored]
    for datasets in groups:
        members = {(dataset, name): terms for dataset in datasets for name, terms in family.items()}
        judged = _judge_looks(scored, members, rule, behind or {})
        for (dataset, name), difference in judged.items():
            found[dataset][name] = difference
    return found


def _judge_looks(
    scored: Mapping[str, ArmScores],
    members: Mapping[Key, Terms],
    rule: DecisionRule,
    behind: Behind,
) -> dict[Key, Difference]:
    """Judge members that share one error rate, look by look."""
    schedules = {name: schedule(rule, name) for _, name in members}
    stages = {look.seeds for looks in schedules.values() for look in looks}
    found: dict[Key, Difference] = {}
    for seeds in sorted(stages, key=lambda seeds: (not seeds, len(seeds), seeds)):
        active = [key for key in members if key not in found or not found[key].settled]
        due: dict[tuple[float, float], list[Key]] = {}
        for key in active:
            rates = [look.alpha for look in schedules[key[1]] if look.seeds == seeds]
            if rates and _reached(scored[key[0]], members[key], seeds):
                left = _left(schedules[key[1]], seeds)
                due.setdefault((rates[0], left), []).append(key)
        for (alpha, left), keys in due.items():
            pairs = _pairs(scored, {key: members[key] for key in keys}, seeds)
            size = len(active) + rule.passed_over * len({dataset for dataset, _ in members})
            gates = _gates(members, behind, found) if behind else None
            decided = _decided(pairs, seeds, alpha, left, rule, size, gates)
            found |= {
                key: replace(one, behind=behind.get(key[1], ())) for key, one in decided.items()
            }
    if behind:
        last = _gates(members, behind, found)
        found = {key: replace(one, shut=last.shut(key)) for key, one in found.items()}
    return found


def _gates(members: Mapping[Key, Terms], behind: Behind, found: Mapping[Key, Difference]) -> Gates:
    """Return which members come first, and what earlier looks have found."""
    from workbench.statistics.gatekeeping import Gates, Pairs

    pairs: dict[Hashable, Pairs] = {
        (dataset, name): tuple(((dataset, one), (dataset, other)) for one, other in behind[name])
        for dataset, name in members
        if name in behind
    }
    return Gates(
        pairs,
        frozenset(members.keys() - pairs.keys()),
        frozenset(key for key, one in found.items() if one.differs),
        frozenset(key for key, one in found.items() if one.settled),
    )


def _reached(scored: ArmScores, terms: Terms, seeds: tuple[int, ...]) -> bool:
    return all(scored.tried.get(arm, frozenset()).issuperset(seeds) for arm in terms)


def _left(looks: Sequence[Look], seeds: tuple[int, ...]) -> float:
    """Return the error rate of the looks after one."""
    place = [look.seeds for look in looks].index(seeds)
    return sum((look.alpha for look in looks[place + 1 :]), 0.0)


def _pairs(
    scored: Mapping[str, ArmScores], members: Mapping[Key, Terms], seeds: tuple[int, ...]
) -> dict[Key, Differences]:
    """Return the differences that a look sees; members that share no seed or image have none."""
    from workbench.statistics.matrix import contrast

    pairs = {}
    for key, terms in members.items():
        scores = scored[key[0]].scores
        seen = [(weight, _only(scores.get(arm, {}), seeds)) for arm, weight in terms.items()]
        pair = contrast(seen)
        if pair is not None:
            pairs[key] = replace(pair, fixed_weights=scored[key[0]].fixed_weights)
    return pairs


def _only(scores: Scores, seeds: tuple[int, ...]) -> Scores:
    """Return the scores of some seeds; of all for an empty choice."""
    return {s: images for s, images in scores.items() if s in seeds} if seeds else scores


def _decided(
    pairs: Mapping[Key, Differences],
    seeds: tuple[int, ...],
    alpha: float,
    left: float,
    rule: DecisionRule,
    size: int,
    gates: Gates | None,
) -> dict[Key, Difference]:
    from workbench.statistics.bootstrap import double_bootstrap
    from workbench.statistics.estimate import estimate
    from workbench.statistics.planning import LAST_LOOK
    from workbench.statistics.sensitivity import sensitivity
    from workbench.statistics.verdicts import decide

    decisions = decide(
        {
            key: (estimate(pair.delta, fixed_weights=pair.fixed_weights), pair.seed_means)
            for key, pair in pairs.items()
        },
        alpha=alpha,
        margin_db=rule.margin_db,
        size=size,
        left=left or rule.alpha * LAST_LOOK,
        gates=gates,
    )
    return {
        key: Difference(
            decision=decisions[key],
            sensitivity=sensitivity(pair.delta, pair.images),
            bootstrap=double_bootstrap(pair.delta, confidence=1 - (alpha or rule.alpha))
            if len(pair.seeds) > 1
            else None,
            pair=pair,
            look=len(seeds) or None,
            left=left,
        )
        for key, pair in pairs.items()
    }
