"""Sentences about verdicts: their error rate, what would settle them, what to doubt. No torch."""

from collections.abc import Sequence

from workbench.analysis.comparison import Comparison, Judged
from workbench.analysis.judging import Difference
from workbench.config.evidence import Evidence
from workbench.reporting.wording import listed
from workbench.statistics.decision_rule import WITHIN_MARGIN, DecisionRule
from workbench.system.numbers import difference_text, p_text
from workbench.system.text import counted


def confidence_text(rule: DecisionRule) -> str:
    """Return the confidence of the intervals."""
    if rule.looks:
        return "as confident as the look that settled it is strict"
    return f"{100 * (1 - rule.alpha):g} %"


def population_text(comparison: Comparison) -> str:
    """Return what the intervals speak of: `new seeds and new images`."""
    if comparison.evidence == "lesion":
        return "images; a lesion has no seeds"
    images = {
        dataset: max((len(one.difference.images) for one in comparison.judged(dataset)), default=0)
        for dataset in comparison.protocols
    }
    single = [dataset for dataset, count in images.items() if count == 1]
    if not single:
        return "new seeds and new images"
    if len(single) == len([count for count in images.values() if count]):
        return "new seeds, on this one image"
    return f"new seeds and new images ({listed(single)}: one image, so new seeds only)"


def error_rate_text(comparison: Comparison) -> str:
    """Return what the error rate holds for: `error rate 0.05 for all verdicts of a data set`."""
    rule, sets = comparison.rule, len(comparison.protocols)
    family = counted(comparison.family, "comparison")
    if rule.scope == "study":
        over = f"all verdicts of the study ({family} on {counted(sets, 'data set')})"
    elif sets > 1:
        over = f"all verdicts of a data set ({family}), and up to {sets} times as much over all"
    else:
        over = f"all verdicts ({family})"
    how = "one Holm step-down over both tests (p)"
    if any(effect.behind for effect in comparison.effects):
        how = (
            "gatekeeping over both tests (p): main effects first, an interaction once both of its "
            "main effects differ"
        )
    return f"error rate {rule.alpha:g} for {over}, by {how}"


def margin_text(rule: DecisionRule, evidence: Evidence = "retrained") -> str:
    """Return what `equivalent` means, of lesions `unused`."""
    word = "unused" if evidence == "lesion" else "equivalent"
    if rule.margin_db == 0:
        return f"with margin 0 nothing is called {word}"
    interval = "interval" if rule.looks else f"{100 * (1 - 2 * rule.alpha):g} % interval"
    return (
        f"{word}: within ±{rule.margin_db:g} dB, with the {interval} and the p of the "
        "equivalence test"
    )


def decision_texts(difference: Difference) -> tuple[str, str]:
    """Return difference with interval, and p: those of the test that the verdict rests on."""
    found = difference.decision
    equivalent = found.verdict in WITHIN_MARGIN
    interval = found.equivalence_interval if equivalent else found.interval
    p = found.p_equivalence_holm if equivalent else found.p_holm
    return difference_text(found.estimate.mean, interval), p_text(p)


def verdict_word(difference: Difference) -> str:
    """Return the verdict as tables have it; an interaction that was not tested says so."""
    verdict = difference.decision.verdict
    return f"{verdict}, not tested" if difference.decision.closed else verdict


def can_look(comparison: Comparison) -> bool:
    """Tell whether the study could add seeds look by look: not a path, whose steps are a chain."""
    against = {row.name: row.against for row in comparison.rows}
    return not any(against.get(other) for other in against.values())


def remedy_text(difference: Difference, *, looks: bool = True) -> str:
    """Return what would settle an undecided difference.

    Args:
        difference: An undecided one.
        looks: Whether such a study could add seeds look by look.
    """
    if difference.decision.closed:
        return untested_text(difference)
    if difference.decision.estimate.fixed_weights:
        return "more images may settle it"
    more, seeds = difference.decision.more, len(difference.seeds)
    if more is None:
        return "more seeds alone would not settle it, more images may"
    text = (
        f"about {counted(more.seeds, 'more seed')} would settle it (odds {100 * more.odds:.0f} %)"
    )
    if difference.left > 0:
        return text  # a later look of this study
    wanted = f"{seeds}..{seeds + more.seeds}" if looks else f"{seeds + more.seeds}"
    return f"{text}; this study has spent its error rate, so plan the next one as --seeds {wanted}"


def remedies_text(differences: Sequence[Difference]) -> str:
    """Return what would settle many undecided differences, in one sentence.

    Args:
        differences: Undecided ones, at least two.
    """
    tested = [one for one in differences if not one.decision.closed]
    more = sorted(one.decision.further_seeds or 0 for one in tested if one.decision.more)
    parts = [f"{len(differences)} comparisons are undecided or unclear"]
    if more:
        seeds = f"{more[0]:,} to {more[-1]:,}" if more[0] < more[-1] else f"{more[0]:,}"
        parts.append(f"about {seeds} more seeds would settle {len(more)}")
    if len(tested) > len(more):
        alone = "" if more else "more seeds alone would settle none, "
        parts.append(f"{alone}more images may settle {len(tested) - len(more)}")
    if len(differences) > len(tested):
        parts.append(f"{counted(len(differences) - len(tested), 'interaction')} not tested")
    if more and not any(one.left > 0 for one in tested):
        parts.append("this study has spent its error rate, so plan the next one with them")
    return "; ".join(parts)


def untested_text(difference: Difference) -> str:
    """Return why an interaction was not tested: `not tested: A and B must both differ first`."""
    pairs = [f"{one} and {other}" for one, other in difference.behind]
    more = ", and no later look can" if difference.shut and difference.left > 0 else ""
    return f"not tested{more}: {' or '.join(pairs)} must both differ first"


def looks_text(rule: DecisionRule) -> str:
    """Return the looks of a sequential study and their error rates."""
    from workbench.statistics.sequential import shares

    counts = [len(seeds) for seeds in rule.looks]
    rates = [f"{rate:.2g}" for rate in shares(rule.alpha, counts, spending=rule.spending)]
    return (
        f"looks after {listed(map(str, counts))} seeds with error rates {listed(rates)}, "
        f"{rule.alpha:g} in all; settled comparisons leave their part to the others; each "
        "difference is of the look that settled it, or of the last"
    )


def spent_text(rule: DecisionRule) -> str:
    """Return what earlier declarations of the study have spent; empty if nothing."""
    if not rule.former:
        return ""
    looks = listed(f"{look.alpha:.2g} at {len(look.seeds)} seeds" for look in rule.former)
    members = {name for look in rule.former for name in look.members}
    most = max(rule.spent_before(name) for name in members)
    left = max(rule.alpha - most, 0.0)
    rest = f"{left:.2g} is left" if left else "more seeds narrow the intervals and settle nothing"
    return (
        f"earlier declarations of this study have spent {min(most, rule.alpha):.2g} of its error "
        f"rate {rule.alpha:g} ({looks}): {rest}"
    )


def unscored_text(comparison: Comparison, judged: Judged) -> str:
    """Return how many trials of a compared network have no score; empty if all have one."""
    failed = {
        row.name: f"{len(row.failures)} of {len(row.failures) + len(row.seeds)} trials"
        for row in comparison.rows
        if row.failures and row.name in (judged.name, judged.against)
    }
    if not failed:
        return ""
    return f"without {listed(f'{count} of {name}' for name, count in failed.items())} (no score)"
