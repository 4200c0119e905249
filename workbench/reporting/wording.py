"""Sentences that all reports share. No torch."""

from collections.abc import Iterable

from workbench.reporting.judging import Rules
from workbench.statistics.sequential import shares


def confidence_text(rules: Rules) -> str:
    """Say what confidence the intervals have."""
    if rules.looks:
        return "as confident as the look that settled it is strict"
    return f"{100 * (1 - rules.alpha):g} %"


def looks_text(rules: Rules) -> str:
    """Say when a study that adds seeds looks, and how strictly."""
    counts = [len(seeds) for seeds in rules.looks]
    rates = [f"{rate:.2g}" for rate in shares(rules.alpha, counts)]
    return (
        f"looks after {_listed(map(str, counts))} seeds with error rates {_listed(rates)}, "
        f"{rules.alpha:g} in all; each difference is of the look that settled it, or of the last"
    )


def counted(number: int, what: str) -> str:
    """Return `1 comparison` or `2 comparisons`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _listed(words: Iterable[str]) -> str:
    found = list(words)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
