"""Verdicts on differences, and how many more seeds would settle an undecided one."""

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.statistics.decision_rule import ALPHA, MARGIN_DB, Verdict
from workbench.statistics.estimate import Estimate
from workbench.statistics.exact import sign_flip_p, smallest_p
from workbench.statistics.family import holm

MOST_SEEDS = 1_000
"""More seeds than that are no plan."""


@dataclass(frozen=True)
class Decision:
    """The verdict on one variant and data set, and what it rests on."""

    verdict: Verdict
    estimate: Estimate
    interval: tuple[float, float] | None
    """Of confidence 1 - alpha, for this variant alone."""
    p: float | None
    """Two-sided, of "there is no difference"."""
    p_holm: float | None
    """The same after Holm over the family."""
    p_equivalence_holm: float | None
    """Of "the difference is beyond the margin", after Holm."""
    p_sign_flip: float | None
    """Exact check on the seeds' means."""
    smallest_p_sign_flip: float | None
    """Smallest p that the exact check can reach with this number of seeds."""
    further_seeds: int | None
    """How many more seeds would probably settle an undecided difference; None if it is settled, or
    if no number of seeds would, because the images are too few."""


def decide(
    estimates: Mapping[str, tuple[Estimate, tuple[float, ...]]],
    *,
    alpha: float = ALPHA,
    margin_db: float = MARGIN_DB,
    size: int | None = None,
) -> dict[str, Decision]:
    """Give the verdicts of a family of variants on one data set.

    A variant is better or worse if its difference from 0 holds after Holm, equivalent if being
    within the margin does. Both can be true of a tiny difference that many seeds have pinned down;
    it is then called equivalent, since the margin says what matters.

    Args:
        estimates: By variant: the estimate and the seeds' mean differences.
        alpha: Error rate of the whole family.
        margin_db: Differences within it do not matter.
        size: Members of the family, if some are settled already and not judged again.
    """
    testable = {n: e for n, (e, _) in estimates.items() if e.standard_error is not None}
    differs = holm({name: _sure(e.p_difference()) for name, e in testable.items()}, size)
    within = holm({name: _sure(e.p_equivalence(margin_db)) for name, e in testable.items()}, size)
    decisions = {}
    for name, (found, seed_means) in estimates.items():
        if name not in testable:
            decisions[name] = _not_testable(found)
            continue
        verdict = _verdict(found, differs[name], within[name], alpha)
        decisions[name] = Decision(
            verdict=verdict,
            estimate=found,
            interval=found.interval(1 - alpha),
            p=found.p_difference(),
            p_holm=differs[name],
            p_equivalence_holm=within[name],
            p_sign_flip=sign_flip_p(seed_means),
            smallest_p_sign_flip=smallest_p(found.seeds),
            further_seeds=(
                further_seeds(found, alpha=alpha / (size or len(testable)), margin_db=margin_db)
                if verdict == "undecided"
                else None
            ),
        )
    return decisions


def further_seeds(found: Estimate, *, alpha: float, margin_db: float) -> int | None:
    """Return how many more seeds would settle a difference if it stays what it is.

    Args:
        found: What the seeds so far gave; its spreads are taken for the true ones.
        alpha: Error rate for this one variant.
        margin_db: Differences within it do not matter.

    Returns:
        The least number with which the interval leaves out 0, or stays within the margin; None if
        more than `MOST_SEEDS` would be needed.
    """
    if found.error is None:
        return None
    error, mean = found.error, abs(found.mean)

    def settled(seeds: int) -> bool:
        then = error.with_seeds(seeds)
        inside = margin_db - mean
        return then.p(mean) <= alpha or (inside > 0 and then.p(inside) / 2 <= alpha)

    # More seeds never unsettle it, so the least number is found by bisection.
    few, many = found.seeds, MOST_SEEDS
    if few >= many or not settled(many):
        return None
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if settled(middle) else (middle, many)
    return many - found.seeds


def _verdict(found: Estimate, p_differs: float, p_within: float, alpha: float) -> Verdict:
    if p_within <= alpha:
        return "equivalent"
    if p_differs <= alpha:
        return "better" if found.mean > 0 else "worse"
    return "undecided"


def _not_testable(found: Estimate) -> Decision:
    return Decision("not testable", found, None, None, None, None, None, None, None)


def _sure(p: float | None) -> float:
    assert p is not None
    return p
