"""Which of many comparisons a report draws: those that differ most."""

from workbench.analysis.comparison import Comparison, Judged

MOST_DRAWN = 24
"""Comparisons that are drawn image by image, and arms that have a colour of their own."""


def largest_differences(comparison: Comparison, dataset: str) -> tuple[Judged, ...]:
    """Return the `MOST_DRAWN` comparisons of a data set that differ most, in the family's order."""
    judged = comparison.judged(dataset)
    far = sorted(judged, key=lambda j: -abs(j.difference.decision.estimate.mean))[:MOST_DRAWN]
    kept = {one.name for one in far}
    return tuple(one for one in judged if one.name in kept)


def highlighted_arms(comparison: Comparison) -> tuple[str, ...]:
    """Return the arms that have a colour of their own: the base, and those that differ most."""
    names = [row.name for row in comparison.rows]
    if len(names) <= MOST_DRAWN + 1:
        return tuple(names)
    datasets = comparison.protocols
    far = {one.name for name in datasets for one in largest_differences(comparison, name)}
    return tuple(name for name in names if name in far or name == names[0])[: MOST_DRAWN + 1]
