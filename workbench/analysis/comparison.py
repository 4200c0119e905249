"""The comparison of a plan's arms: costs, scores with their spread, differences with verdicts.

No torch. Scores of different protocols are never put side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.analysis.judging import Difference, judge
from workbench.analysis.protocol_lock import ScoreOrigin, check_one_protocol
from workbench.analysis.scores import (
    Spread,
    bicubic_scores,
    complete,
    failures,
    psnr_of_arms,
    spread_of,
)
from workbench.config.evidence import Evidence
from workbench.errors import WorkbenchError
from workbench.results import (
    SCORE_NAMES,
    Cost,
    MeanScore,
    Protocol,
    TrialResult,
)
from workbench.statistics.decision_rule import DecisionRule
from workbench.statistics.effects import Effect, Terms


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
class EffectRow:
    """An effect: what it costs and what it brings."""

    name: str
    question: str
    terms: Terms
    behind: tuple[tuple[str, str], ...]
    """Of an interaction: the pairs of main effects that it is tested behind."""
    parameters: float
    """Weighted like the scores: what the effect adds."""
    multiply_adds: float
    datasets: Mapping[str, Difference]


@dataclass(frozen=True)
class Judged:
    """One member of the family on one data set."""

    name: str
    against: str
    """The arm that it is compared with; empty for an effect over several arms."""
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """All arms; the first is the base."""

    rows: tuple[ArmRow, ...]
    protocols: Mapping[str, Protocol]
    """By data set."""
    rule: DecisionRule
    family: int
    """Members of the family: arms that are compared, and effects."""
    effects: tuple[EffectRow, ...] = ()
    bicubic: Mapping[str, MeanScore] = field(default_factory=dict)
    """Of bicubic interpolation, by data set; see `DatasetScores.bicubic`."""
    question: str = ""
    """The study's question, which every report prints first; empty without one."""
    steps: tuple[int, ...] = ()
    """Training steps of its trials, each number once; 0 of lesions."""
    weights_name: str = ""
    """What the user called the weights that all networks start from; empty without any."""

    @property
    def evidence(self) -> Evidence:
        """What kind of evidence its differences are."""
        return next((one.evidence for one in self.protocols.values()), "retrained")

    @property
    def pretrained(self) -> str:
        """Hash of the weights that all networks start from; empty without any."""
        return next((one.pretrained for one in self.protocols.values()), "")

    def judged(self, dataset: str) -> tuple[Judged, ...]:
        """Return the members of the family that could be compared on a data set."""
        arms = [
            Judged(row.name, row.against, difference)
            for row in self.rows
            if (score := row.datasets.get(dataset)) and (difference := score.difference)
        ]
        effects = [
            Judged(row.name, "", difference)
            for row in self.effects
            if (difference := row.datasets.get(dataset))
        ]
        return (*arms, *effects)


def compare(
    arms: Mapping[str, Sequence[TrialResult]],
    questions: Mapping[str, str],
    against: Mapping[str, str] | None = None,
    rule: DecisionRule | None = None,
    effects: Sequence[Effect] = (),
    *,
    question: str = "",
    weights_name: str = "",
) -> Comparison:
    """Compare arms with the first of them, or each with the one that is named for it.

    All arms that are compared and all effects are one family, on each data set or over all of them.

    Args:
        arms: Results of each arm, one for each seed; the first arm is the base.
        questions: By arm.
        against: By arm, the arm that it is compared with; an arm without is not compared. None
            compares all with the base.
        rule: Decides the verdicts.
        effects: Contrasts over several arms, members of the same family; interactions are tested
            behind their main effects.
        question: The study's.
        weights_name: What the user called the weights that the arms start from, if any.

    Raises:
        WorkbenchError: If two results were scored by different protocols or are two kinds of
            evidence, or there is none.
    """
    base = next(iter(arms), "")
    if not arms.get(base):
        raise WorkbenchError("there is no finished trial of the base to compare with")
    reference = {name: base for name in arms if name != base} if against is None else against
    family = _family(arms, reference, effects)
    arms = {name: results for name, results in arms.items() if results}
    everything = [result for results in arms.values() for result in results]
    protocols = _protocols(everything)
    rule = rule or DecisionRule()
    behind = {effect.name: effect.behind for effect in effects if effect.behind}
    scored = {name: psnr_of_arms(arms, name) for name in protocols}
    judged = judge(scored, family, rule, behind)
    rows = [
        ArmRow(
            name=name,
            question=questions.get(name, ""),
            against=reference.get(name, ""),
            cost=results[0].cost,
            seeds=tuple(complete(results)),
            datasets=_scores(complete(results), {d: judged[d].get(name) for d in protocols}),
            failures=failures(results),
        )
        for name, results in arms.items()
    ]
    costs = {row.name: row.cost for row in rows}
    contrasts = [
        _effect_row(e, costs, {d: v[e.name] for d, v in judged.items() if e.name in v})
        for e in effects
        if all(arm in costs for arm in e.terms)
    ]
    return Comparison(
        rows=tuple(rows),
        protocols=protocols,
        rule=rule,
        family=len(family) + rule.passed_over,
        effects=tuple(contrasts),
        bicubic=bicubic_scores(everything),
        question=question,
        steps=tuple(sorted({result.config.steps for result in everything})),
        weights_name=weights_name,
    )


def _family(
    arms: Mapping[str, object], reference: Mapping[str, str], effects: Sequence[Effect]
) -> dict[str, Terms]:
    """Return the members of the family by name: differences of two arms, and effects."""
    clashes = {effect.name for effect in effects} & set(arms)
    if clashes:
        raise WorkbenchError(f"an effect must not have the name of a network, got {min(clashes)!r}")
    family: dict[str, Terms] = {name: {name: 1.0, other: -1.0} for name, other in reference.items()}
    return family | {effect.name: effect.terms for effect in effects}


def _effect_row(
    effect: Effect, costs: Mapping[str, Cost], datasets: Mapping[str, Difference]
) -> EffectRow:
    return EffectRow(
        name=effect.name,
        question=effect.question,
        terms=effect.terms,
        behind=effect.behind,
        parameters=sum(w * costs[arm].parameters for arm, w in effect.terms.items()),
        multiply_adds=sum(w * costs[arm].multiply_adds for arm, w in effect.terms.items()),
        datasets=datasets,
    )


def _protocols(results: Sequence[TrialResult]) -> dict[str, Protocol]:
    """Return the protocol of each data set, or name the two trials that differ."""
    return check_one_protocol(
        ScoreOrigin(f"trial {result.key[:12]}", scores.dataset, "rgb", scores.protocol)
        for result in results
        for scores in result.scores
    )


def _scores(
    results: Mapping[int, TrialResult], judged: Mapping[str, Difference | None]
) -> dict[str, ArmScore]:
    """Return means and differences of one arm, by data set."""
    found = {}
    for dataset in dict.fromkeys(s.dataset for r in results.values() for s in r.scores):
        means = [scores.mean() for r in results.values() if (scores := r.score(dataset))]
        spreads = {name: spread_of([getattr(mean, name) for mean in means]) for name in SCORE_NAMES}
        found[dataset] = ArmScore(spreads, judged.get(dataset))
    return found
