"""Differences over training: the figure, and whether each difference still moves."""

from collections.abc import Iterator, Sequence

from workbench.analysis.comparison import Comparison
from workbench.analysis.training_differences import TrainingDifference
from workbench.reporting import training_differences as described
from workbench.reporting.colours import OTHERS, legend, styles
from workbench.reporting.html_parts import html_figure, html_table, text
from workbench.system.numbers import db_text


def training_section(comparison: Comparison, found: Sequence[TrainingDifference]) -> Iterator[str]:
    """Yield the figure, a table with a row for each comparison, and what it means.

    Args:
        comparison: Of the study.
        found: Its differences over training, at least one.
    """
    figure, looks = described.figure(comparison, found), styles(comparison)
    named = {one.name: looks.get(one.name, OTHERS) for one in figure.series}
    yield html_figure(
        figure, "over-training-plot", described.caption(found, comparison.rule), legend(named)
    )
    yield html_table(
        "Change of each difference over the last third of training",
        ("comparison", "against", "at the last step", "change over the last third"),
        [
            (
                one.name,
                one.against or "-",
                db_text(one.points[-1].estimate.mean, one.points[-1].interval),
                described.late_text(one),
            )
            for one in found
        ],
    )
    yield f'<p class="muted">{text(described.trend_meaning(comparison.rule))}</p>'
