"""Draws figures for print and for MLflow. Only this file imports matplotlib.

The same comparison gives the same file: no dates, no random names.
"""

import io
from collections.abc import Sequence
from textwrap import fill
from typing import Any, Literal

from workbench.analysis.comparison import Comparison
from workbench.reporting.colours import on_paper
from workbench.reporting.figure import (
    Bars,
    CorrelationMatrix,
    Intervals,
    ParallelAxis,
    ParallelCoordinates,
    Plot,
    Series,
)
from workbench.reporting.figures import forest
from workbench.reporting.printed_forest import GREY, MARKERS, draw_forest, without_frame
from workbench.reporting.printed_intervals import draw_intervals
from workbench.reporting.printed_matrix import draw_matrix
from workbench.system.text import printable

Form = Literal["png", "svg"]
Printed = Plot | Bars | ParallelCoordinates | CorrelationMatrix | Intervals

_WIDTH_IN, _ROW_IN, _HEAD_IN = 7.0, 0.32, 1.1
_PX_AN_INCH = 100
"""A figure of a page and its print have the same proportions at this resolution."""
_TITLE_CHARACTERS = 80
"""Of one line of the title, which then fits the width."""
_WIDE = 14
"""Characters from which on a name has several lines."""
_MOST_TICKS = 12
_SETTINGS: Any = {
    "text.parse_math": False,  # dollar signs in names do not begin a formula
    "svg.fonttype": "none",
    "svg.hashsalt": "workbench",
}
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}


def png(figure: Plot | Bars | ParallelCoordinates) -> bytes:
    """Return a figure as PNG at 150 dots an inch."""
    return printed(figure, "png")


def printed(figure: Printed, form: Form, title: str = "") -> bytes:
    """Return a figure.

    Args:
        figure: What is drawn.
        form: PNG at 150 dots an inch, or SVG with its text as text.
        title: Above it, in plain text; nothing without one.
    """
    return panels([figure], form, title)


def panels(figures: Sequence[Printed], form: Form, title: str = "", columns: int = 1) -> bytes:
    """Return figures, at least one, in rows of so many columns; see `printed`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    widths = [1.3 * len(f.axes) for f in figures if isinstance(f, ParallelCoordinates)]
    heights = [figure.height_px / _PX_AN_INCH for figure in figures[::columns]]
    with mpl.rc_context(_SETTINGS):
        size = (max(_WIDTH_IN, *widths, 0), sum(heights))
        canvas = Figure(figsize=size, layout="constrained")
        grid = canvas.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
        for empty in grid.flat[len(figures) :]:
            empty.set_axis_off()
        for axes, figure in zip(grid.flat, figures, strict=False):
            match figure:
                case Plot():
                    _draw_plot(axes, figure)
                case Bars():
                    _draw_bars(axes, figure)
                case ParallelCoordinates():
                    _draw_parallel(axes, figure)
                case CorrelationMatrix():
                    draw_matrix(axes, figure)
                case Intervals():
                    draw_intervals(axes, figure)
            without_frame(axes)
        _set_title(canvas, title)
        return _encoded(canvas, form)


def effects(comparison: Comparison, form: Form) -> bytes:
    """Return every difference with its interval, a panel for each data set.

    Args:
        comparison: At least one difference could be made.
        form: PNG at 150 dots an inch, or SVG with its text as text.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    panels = [found for name in comparison.protocols if (found := forest(comparison, name))]
    rows = max((len(panel.rows) for panel in panels), default=1)
    count = max(1, len(panels))
    with mpl.rc_context(_SETTINGS):
        size = (_WIDTH_IN, count * (_HEAD_IN + _ROW_IN * rows))
        canvas = Figure(figsize=size, layout="constrained")
        for axes, panel in zip(canvas.subplots(count, squeeze=False)[:, 0], panels, strict=False):
            draw_forest(axes, panel)
        _set_title(canvas, comparison.question)
        return _encoded(canvas, form)


def _set_title(canvas: Any, title: str) -> None:
    if title:
        canvas.suptitle(fill(printable(title), _TITLE_CHARACTERS), fontsize=11)


def _encoded(canvas: Any, form: Form) -> bytes:
    content = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else None
    canvas.savefig(content, format=form, dpi=150, metadata=metadata)
    return content.getvalue()


def _draw_plot(axes: Any, plot: Plot) -> None:
    if plot.zero:
        axes.axhline(0, color="black", linewidth=1)
    for series in plot.series:
        if series.x:
            _draw_series(axes, series)
    if plot.level is not None:
        look = {"color": GREY, "linestyle": ":", "label": plot.level_text()}
        if plot.level_side() == "inside":
            axes.axhline(plot.level.value, **look)
        else:  # a line would squash the points: it stands in the legend only
            axes.plot([], [], **look)
    axes.set_xlabel(plot.x_title)
    axes.set_ylabel(plot.y_title)
    if plot.title:
        axes.set_title(printable(plot.title), loc="left", fontsize=10)
    else:
        axes.legend(fontsize=8)


def _draw_series(axes: Any, series: Series) -> None:
    colour, symbol = on_paper(series.style), series.style.symbol
    if series.band is not None:
        axes.fill_between(series.x, *series.band, color=colour, alpha=0.15, linewidth=0)
    axes.errorbar(
        series.x,
        series.y,
        yerr=series.errors or None,
        label=series.name,
        color=colour,
        linestyle="none" if series.line == "none" else _DASHES[series.style.dash],
        drawstyle="steps-post" if series.line == "steps" else "default",
        marker=MARKERS[symbol] if series.marker_px else "none",
        markersize=0.7 * series.marker_px,
        markerfacecolor="none" if symbol == "circle-open" else colour,
        linewidth=1.2,
        capsize=3,
    )
    for label, x, y in zip(series.labels, series.x, series.y, strict=False):
        axes.annotate(label, (x, y), (5, 5), textcoords="offset points", fontsize=8)


def _draw_bars(axes: Any, bars: Bars) -> None:
    height = 0.8 / max(1, len(bars.series))
    for place, series in enumerate(bars.series):
        rows = [row + place * height for row in range(len(bars.categories))]
        axes.barh(rows, series.values, height, color=on_paper(series.style), label=series.name)
    middle = 0.4 - height / 2
    axes.set_yticks([row + middle for row in range(len(bars.categories))], bars.categories)
    axes.tick_params("y", labelsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, bars.highest)
    axes.set_xlabel(bars.x_title)
    axes.legend(fontsize=8)


def _draw_parallel(axes: Any, parallel: ParallelCoordinates) -> None:
    import matplotlib as mpl

    heights = [_scaled(axis.values) for axis in parallel.axes]
    for line in zip(*heights, strict=True):
        axes.plot(range(len(line)), line, color=mpl.colormaps["viridis"](line[-1]), linewidth=1.2)
    for place, axis in enumerate(parallel.axes):
        axes.axvline(place, color="black", linewidth=0.6)
        for height, label in _ticks(axis).items():
            at = (place, height)
            axes.annotate(label, at, (3, 0), textcoords="offset points", fontsize=7)
    names = [axis.label for axis in parallel.axes]
    labels = [name.replace("_", "_\n") if len(name) > _WIDE else name for name in names]
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    axes.set_yticks([])


def _ticks(axis: ParallelAxis) -> dict[float, str]:
    """Return what is written along an axis, by height: every value of a few, else both ends."""
    values = sorted(set(axis.values))
    kept = values if len(values) <= _MOST_TICKS else [values[0], values[-1]]
    heights = dict(zip(values, _scaled(values), strict=True))
    return {heights[v]: axis.ticks[int(v)] if axis.ticks else f"{v:.5g}" for v in kept}


def _scaled(values: Sequence[float]) -> list[float]:
    """Return values from 0 to 1; 0.5 where all are the same."""
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]
