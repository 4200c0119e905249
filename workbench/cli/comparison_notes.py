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
    remedies_text,
    remedy_text,
    spent_text,
    unscored_text,
)
from workbench.statistics.decision_rule import DIFFER
from workbench.system.numbers import p_text

MOST_LINES = 8
"""Of one kind about one data set; more are one line that sums them up."""
_EACH = "JSON has each"


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
        found: dict[str, Difference] = {}
        for judged in comparison.judged(name):
            where = f"{name}, {labels.get(judged.name, judged.name)}"
            found[where] = judged.difference
            missing = unscored_text(comparison, judged)
            if missing and judged.difference.settled:
                note(f"{where}: {judged.difference.decision.verdict} {missing}")
        _print_open(name, found, looks=can_look(comparison))
        _print_inexact(name, found)
        _print_of_one_image(name, found)


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


def _print_open(dataset: str, found: Mapping[str, Difference], *, looks: bool) -> None:
    """Print what would settle the differences that are open; of many, how many seeds do."""
    waiting = {
        where: one
        for where, one in found.items()
        if one.decision.verdict in ("undecided", "unclear")
    }
    if len(waiting) > MOST_LINES:
        note(f"{dataset}: {remedies_text(list(waiting.values()))}; {_EACH}")
        return
    for where, one in waiting.items():
        note(f"{where}: {one.decision.verdict}; {remedy_text(one, looks=looks)}")


def _print_inexact(dataset: str, found: Mapping[str, Difference]) -> None:
    """Print which verdicts the exact test could not reach with so few seeds."""
    from workbench.statistics.exact import seeds_for

    lines = dict[str, int]()
    for where, one in found.items():
        decision = one.decision
        least, level = decision.smallest_p_sign_flip, decision.alpha / decision.sharing
        if decision.verdict in ("better", "worse") and least is not None and least > level:
            shared = f" ({decision.alpha:.2g} over {decision.sharing} comparisons)"
            wanted = seeds_for(level)
            text = (
                f"{where}: rests on the t distribution; the exact test needs "
                f"{wanted} seeds to reach {level:.2g}"
                f"{shared if decision.sharing > 1 else ''} (here {p_text(least)} at best)"
            )
            lines[text] = wanted
    if len(lines) > MOST_LINES:
        note(
            f"{dataset}: {len(lines)} verdicts rest on the t distribution; the exact test needs "
            f"up to {max(lines.values())} seeds; {_EACH}"
        )
        return
    for line in lines:
        note(line)


def _print_of_one_image(dataset: str, found: Mapping[str, Difference]) -> None:
    """Print which verdicts would have the other sign without one image."""
    images = {
        where: one.sensitivity.most_influential
        for where, one in found.items()
        if one.decision.verdict in DIFFER and one.sensitivity.one_image_decides_the_sign
    }
    if len(images) > MOST_LINES:
        note(f"{dataset}: the signs of {len(images)} verdicts hang on one image each; {_EACH}")
        return
    for where, image in images.items():
        note(f"{where}: the sign hangs on one image, {image}")
