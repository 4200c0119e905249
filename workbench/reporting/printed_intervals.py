"""Values with their intervals for print, on matplotlib's axes, which it gets from outside."""

from typing import Any

from workbench.reporting.colours import PALETTE
from workbench.reporting.figure import Intervals
from workbench.reporting.printed_forest import GREY

_APART = 0.3
"""Between the values of one row, in rows."""
_MARKERS = ("o", "D", "s")


def draw_intervals(axes: Any, panel: Intervals) -> None:
    """Draw a row for each thing, with a mark and a bar for each kind of value."""
    axes.axvline(0, color="black", linewidth=1)
    count = len(panel.kinds)
    for kind, name in enumerate(panel.kinds):
        shift = _APART * (kind - (count - 1) / 2)
        known = [
            (number + shift, found)
            for number, row in enumerate(panel.rows)
            if (found := row.values[kind]) is not None
        ]
        values = [value for _, (value, _, _) in known]
        errors = [
            [value - low for _, (value, low, _) in known],
            [high - value for _, (value, _, high) in known],
        ]
        look = {"fmt": _MARKERS[kind], "color": PALETTE[kind], "capsize": 2, "markersize": 5}
        axes.errorbar(values, [y for y, _ in known], xerr=errors, label=name, **look)
    if panel.level is not None:
        axes.axvline(
            panel.level.value, color=GREY, linewidth=1, linestyle=":", label=panel.level.label
        )
    axes.set_yticks(range(len(panel.rows)), [row.name for row in panel.rows])
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_title(panel.title, loc="left", fontsize=10)
    axes.set_xlabel(panel.x_title)
    axes.legend(frameon=False, fontsize=8, loc="best")
