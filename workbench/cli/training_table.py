"""Differences over training, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.analysis.training_differences import TrainingDifference, training_differences
from workbench.cli.comparison_table import print_question
from workbench.cli.console import OUT, heading, note, table
from workbench.reporting.training_differences import (
    caption,
    late_text,
    trend_meaning,
    trends_text,
)
from workbench.system.numbers import difference_text
from workbench.system.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.analysis.comparison import Comparison
    from workbench.results import TrialResult

MOST_ROWS = 12
"""The most steps that a table shows; from a longer curve it takes evenly spaced ones."""


def print_over_training(comparison: Comparison, found: Sequence[TrainingDifference]) -> None:
    """Print a table for each comparison, and whether its difference still moves."""
    print_question(comparison)
    for one in found:
        against = f" against {one.against}" if one.against else ""
        images = f"{len(one.images)} images" if one.images else "mean of the images"
        OUT.print(
            heading(one.name, f"{against}: {counted(len(one.seeds), 'seed')}, validation: {images}")
        )
        made = table("step", "delta PSNR dB")
        for place in _places(len(one.points)):
            point = one.points[place]
            made.add_row(f"{point.step:,}", difference_text(point.estimate.mean, point.interval))
        OUT.print(made)
        OUT.print(late_text(one), soft_wrap=True)
        OUT.print()
    if any(len(one.points) > MOST_ROWS for one in found):
        note(f"{MOST_ROWS} steps of each are printed; --format csv has all")
    note(caption(found, comparison.rule))
    note(trend_meaning(comparison.rule))


def note_trends(comparison: Comparison, results: Mapping[str, Sequence[TrialResult]]) -> None:
    """Say in one line which differences still moved at the end of training; nothing if unknown."""
    text = trends_text(training_differences(comparison, results), comparison.rule)
    if text:
        note(text)


def _places(count: int) -> list[int]:
    """Return which of `count` points are printed, from the first to the last."""
    if count <= MOST_ROWS:
        return list(range(count))
    return [round(place * (count - 1) / (MOST_ROWS - 1)) for place in range(MOST_ROWS)]
