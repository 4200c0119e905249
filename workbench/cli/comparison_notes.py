"""What is printed under a comparison: what its numbers mean, and what is not settled yet."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.analysis.comparison import Comparison
from workbench.analysis.judging import Difference
from workbench.cli.console import note
from workbench.reporting.evidence_texts import LESION_WORDS
from workbench.reporting.verdict_texts import (
    can_look,
    confidence_text,
    error_rate_text,
    looks_text,
    margin_text,
    population_text,
    remedy_text,
    spent_text,
    unscored_text,
)
from workbench.statistics.decision_rule import DIFFER
from workbench.system.numbers import p_text


def print_meaning(comparison: Comparison, labels: Mapping[str, str]) -> None:
    """Print what difference, p and verdict mean, and what is not settled yet.

    Args:
        comparison: What was printed.
        labels: What its rows were called.
    """
    rule = comparison.rule
    if not comparison.family:
        return
    lesion = comparison.evidence == "lesion"
    if not lesion and min(len(row.seeds) for row in comparison.rows) < 2:
        note("not testable: a claim about a design needs at least two seeds (--seeds)")
        return
    _print_terms(comparison)
    if rule.looks:
        note(looks_text(rule))
    if rule.former:
        note(spent_text(rule))
    for name in comparison.protocols:
        for judged in comparison.judged(name):
            label = labels.get(judged.name, judged.name)
            where = f"{name}, {label}"
            missing = unscored_text(comparison, judged)
            if missing and judged.difference.settled:
                note(f"{where}: {judged.difference.decision.verdict} {missing}")
            _print_remarks(where, judged.difference, looks=can_look(comparison))


def _print_terms(comparison: Comparison) -> None:
    """Print what difference, interval and verdict rest on."""
    rule = comparison.rule
    lesion = comparison.evidence == "lesion"
    paired = "image" if lesion else "seed and image"
    note(
        f"delta: paired by {paired}; interval: "
        f"{confidence_text(rule)}, over {population_text(comparison)}\n"
        f"verdict: {error_rate_text(comparison)}; {margin_text(rule, comparison.evidence)}"
    )
    if lesion:
        note(LESION_WORDS)


def _print_remarks(where: str, difference: Difference, *, looks: bool) -> None:
    """Print what would settle a difference, and what should make one doubt it."""
    from workbench.statistics.exact import seeds_for

    decision, extra = difference.decision, difference.sensitivity
    if decision.verdict in ("undecided", "unclear"):
        note(f"{where}: {decision.verdict}; {remedy_text(difference, looks=looks)}")
    if decision.verdict in ("better", "worse"):
        least = decision.smallest_p_sign_flip
        level = decision.alpha / decision.sharing
        if least is not None and least > level:
            shared = f" ({decision.alpha:.2g} over {decision.sharing} comparisons)"
            note(
                f"{where}: rests on the t distribution; the exact test needs "
                f"{seeds_for(level)} seeds to reach {level:.2g}"
                f"{shared if decision.sharing > 1 else ''} (here {p_text(least)} at best)"
            )
    if decision.verdict in DIFFER and extra.one_image_decides_the_sign:
        note(f"{where}: the sign hangs on one image, {extra.most_influential}")
