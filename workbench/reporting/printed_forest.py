"""The forest plot for print, on matplotlib's axes, which it gets from outside."""

from typing import Any

from workbench.reporting.baseline import BICUBIC
from workbench.reporting.colours import MARKS
from workbench.reporting.figure import Forest

GREY = "#666666"
MARKERS = {
    "circle": "o",
    "circle-open": "o",
    "square": "s",
    "diamond": "D",
    "cross": "P",
    "triangle-up": "^",
    "triangle-down": "v",
    "star": "*",
    "x": "X",
    "pentagon": "p",
}
"""matplotlib's markers by the names of symbols."""


def draw_forest(axes: Any, panel: Forest) -> None:
    """Draw the differences of a data set, each with its interval and verdict."""
    margin = panel.margin_db
    axes.axvspan(-margin, margin, color=MARKS["equivalent"][0], alpha=0.12, linewidth=0)
    axes.axvline(0, color="black", linewidth=1)
    for number, row in enumerate(panel.rows):
        colour, symbol = MARKS[row.verdict]
        half = row.interval[1] - row.mean if row.interval else 0.0
        look = {"fmt": MARKERS[symbol], "color": colour, "capsize": 3, "markersize": 6}
        axes.errorbar(row.mean, number, xerr=half, **look)
        at = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 9}
        axes.annotate(row.verdict, (1.01, number), color=colour, **at)
    axes.set_yticks(range(len(panel.rows)), [row.name for row in panel.rows])
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_title(panel.title, loc="left", fontsize=10)
    _draw_reference(axes, panel.reference)
    axes.set_xlabel("\n".join(filter(None, (panel.x_title, panel.note))))
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    without_frame(axes)


def _draw_reference(axes: Any, delta_db: float | None) -> None:
    """Draw bicubic's difference to the base where it lies within the axis.

    The axis is made for the differences between networks: one to bicubic, which may be a hundred
    times larger, must not squash them.
    """
    low, high = axes.get_xlim()
    if delta_db is None or not low < delta_db < high:
        return
    axes.axvline(delta_db, color=GREY, linewidth=1, linestyle=":")
    at = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom", "fontsize": 8}
    axes.annotate(BICUBIC, (delta_db, 1.0), color=GREY, **at)
    axes.set_xlim(low, high)


def without_frame(axes: Any) -> None:
    """Hide the lines above and right of a panel."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
