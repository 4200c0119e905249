"""Verdicts on differences of one family."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from workbench.statistics.decision_rule import ALPHA, MARGIN_DB, OF_LESIONS, Verdict
from workbench.statistics.estimate import Estimate
from workbench.statistics.exact import sign_flip_p, smallest_p
from workbench.statistics.family import Member, step_down
from workbench.statistics.gatekeeping import Gates, gated_step_down
from workbench.statistics.planning import MoreSeeds, more_seeds


@dataclass(frozen=True)
class Decision:
    """The verdict on one variant and data set, and what it rests on."""

    verdict: Verdict
    estimate: Estimate
    interval: tuple[float, float] | None = None
    """Of confidence 1 - alpha, for this variant alone."""
    p: float | None = None
    """Two-sided, of "there is no difference"."""
    p_holm: float | None = None
    """The same after the step-down over the family and both tests, to be compared with alpha."""
    p_equivalence: float | None = None
    """Of "the difference is beyond the margin" (TOST)."""
    p_equivalence_holm: float | None = None
    """The same after the step-down."""
    equivalence_interval: tuple[float, float] | None = None
    """Of confidence 1 - 2 alpha, which lies within the margin where p_equivalence <= alpha."""
    p_sign_flip: float | None = None
    """Exact check on the seeds' means; None of lesions, which have no seeds."""
    smallest_p_sign_flip: float | None = None
    """Smallest p that the exact check can reach with this number of seeds."""
    more: MoreSeeds | None = None
    """How many more seeds would probably settle an undecided difference, and the odds; None if it
    is settled, or if no number of seeds would, because the images are too few."""
    alpha: float = ALPHA
    """Error rate of its look, which the p after the step-down are compared with."""
    sharing: int = 1
    """Members that shared it: the verdict rests on about alpha / sharing."""
    closed: bool = False
    """Whether it was not tested, as it is behind main effects that are not found to differ."""

    @property
    def further_seeds(self) -> int | None:
        """How many more seeds would probably settle it, None where `more` is None."""
        return None if self.more is None else self.more.seeds


def decide(
    estimates: Mapping[Member, tuple[Estimate, tuple[float, ...]]],
    *,
    alpha: float = ALPHA,
    margin_db: float = MARGIN_DB,
    size: int | None = None,
    left: float | None = None,
    gates: Gates | None = None,
) -> dict[Member, Decision]:
    """Give the verdicts of a family of variants, such as all on one data set.

    A variant is better or worse if its difference from 0 holds after the step-down, equivalent if
    being within the margin does. Both can be true of a tiny difference that many seeds have pinned
    down; it is then called equivalent, since the margin says what matters.

    Args:
        estimates: By variant: the estimate and the seeds' mean differences.
        alpha: Error rate of any wrong verdict in the family; 0 settles nothing.
        margin_db: Differences within it do not matter; with 0 none is equivalent.
        size: Members that share alpha, if some of them are not judged now.
        left: Error rate that later seeds have, for the plan of more seeds; None for `alpha`.
        gates: Which members are tested first, if some are; `size` has no meaning then.
    """
    testable = {name: e for name, (e, _) in estimates.items() if e.error is not None}
    pairs = {n: (_sure(e.p_difference()), _within(e, margin_db)) for n, e in testable.items()}
    adjusted = step_down(pairs, size) if gates is None else gated_step_down(pairs, gates)
    differ = {name for name, both in adjusted.items() if both[0] <= alpha}
    decisions = {}
    for name, (found, seed_means) in estimates.items():
        closed = gates is not None and not gates.open(name, gates.differ | differ)
        if gates is not None:
            sharing = gates.sharing(name)
        else:
            sharing = len(testable) if size is None else size
        plain = Decision("not testable", found, alpha=alpha, sharing=sharing, closed=closed)
        if name not in testable:
            decisions[name] = plain
            continue
        decided = _decided(plain, pairs[name], adjusted[name], seed_means)
        if decided.verdict == "undecided" and not closed:
            later = (alpha if left is None else left) / sharing
            more = more_seeds(found, alpha=later, margin_db=margin_db)
            decided = replace(decided, more=more)
        decisions[name] = decided
    return decisions


def _decided(
    plain: Decision,
    p: tuple[float, float],
    adjusted: tuple[float, float],
    seed_means: tuple[float, ...],
) -> Decision:
    """Return the verdict on a testable member, with what it rests on."""
    found, alpha = plain.estimate, plain.alpha
    shown = alpha if alpha > 0 else ALPHA
    verdict = _verdict(found, *adjusted, alpha)
    return replace(
        plain,
        verdict=OF_LESIONS[verdict] if found.fixed_weights else verdict,
        interval=found.interval(1 - shown),
        p=p[0],
        p_holm=adjusted[0],
        p_equivalence=p[1],
        p_equivalence_holm=adjusted[1],
        equivalence_interval=found.interval(1 - min(2 * shown, 1.0)),
        p_sign_flip=None if found.fixed_weights else sign_flip_p(seed_means),
        smallest_p_sign_flip=None if found.fixed_weights else smallest_p(found.seeds),
    )


def _within(found: Estimate, margin_db: float) -> float:
    """Return the p of "beyond the margin"; 1 with margin 0, which nothing is within."""
    return 1.0 if margin_db == 0 else _sure(found.p_equivalence(margin_db))


def _verdict(found: Estimate, p_differs: float, p_within: float, alpha: float) -> Verdict:
    if alpha <= 0:
        return "undecided"
    if p_within <= alpha:
        return "equivalent"
    if p_differs <= alpha:
        return "better" if found.mean > 0 else "worse"
    return "undecided"


def _sure(p: float | None) -> float:
    assert p is not None
    return p
