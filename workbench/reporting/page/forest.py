"""The forest plot of a data set, as HTML and SVG: it needs no script, and fits phone and paper."""

import math
from collections.abc import Iterator

from workbench.analysis.comparison import Comparison
from workbench.reporting import figures
from workbench.reporting.colours import MARKS, PATHS, SIGNS
from workbench.reporting.figure import Forest, ForestRow
from workbench.reporting.html_parts import text, whole
from workbench.reporting.verdict_texts import confidence_text, population_text
from workbench.system.numbers import db_text, difference_text

_MOST_TICKS = 6
_SCALES = (1, 2, 2.5, 5, 10)
_AROUND = 0.06
"""Free space left and right of everything, as a share of the width."""


class _Axis:
    """Where a difference lies between the left edge, 0 %, and the right one, 100 %."""

    def __init__(self, low: float, high: float) -> None:
        around = _AROUND * (high - low)
        self._low, self._high = low - around, high + around
        self.ticks = _ticks(self._low, self._high)

    def at(self, db: float) -> str:
        return f"{100 * (db - self._low) / (self._high - self._low):.3f}%"


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two numbers, zero among them if it is between them."""
    rough = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * power for scale in _SCALES if scale * power >= rough)
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def forest(comparison: Comparison, dataset: str, number: int) -> str:
    """Return every difference with its interval, zero, and the margin of equivalence.

    Args:
        comparison: What is reported.
        dataset: Of it.
        number: Of the data set, for the names of elements.
    """
    plot = figures.forest(comparison, dataset)
    if plot is None:
        return "<p>Nothing is compared.</p>"
    ends = [end for row in plot.rows for end in row.interval or (row.mean,)]
    axis = _Axis(min(-plot.margin_db, *ends), max(plot.margin_db, *ends))
    label = text(in_words(plot, dataset))
    behind = f"behind-{number}"
    rows = "\n".join(_row(row, axis, behind) for row in plot.rows)
    return (
        f'<figure role="group" aria-label="{label}"><div class="forest" role="img" '
        f'aria-label="{label}">\n{_behind(axis, plot.margin_db, behind)}{rows}\n'
        f"{_scale(axis, plot.x_title)}</div>"
        f"<figcaption>{text(_caption(plot, comparison))}</figcaption></figure>"
    )


def _behind(axis: _Axis, margin_db: float, name: str) -> str:
    """Return what is behind every row, defined once: band of the margin, grid and zero."""
    left, right = axis.at(-margin_db), axis.at(margin_db)
    width = float(right.rstrip("%")) - float(left.rstrip("%"))
    grid = "".join(_line(axis.at(tick), "grid") for tick in axis.ticks)
    return (
        f'<svg class="defined" aria-hidden="true"><defs><g id="{name}">'
        f'<rect class="band" x="{left}" y="0" width="{width:.3f}%" height="100%"/>'
        f"{grid}{_line(axis.at(0.0), 'zero')}</g></defs></svg>"
    )


def _row(row: ForestRow, axis: _Axis, behind: str) -> str:
    delta = difference_text(row.mean, row.interval)
    tip = f"{row.name}: {db_text(row.mean, row.interval)}, {row.verdict}"
    path = PATHS[MARKS[row.verdict][1]]
    return (
        f'<div class="row"><span class="name">{whole(row.name)}</span>'
        f'<svg class="strip"><title>{text(tip)}</title><use href="#{behind}"/>'
        f'<g style="color: {row.style.colour}">{"".join(_whiskers(row, axis))}'
        f'<svg x="{axis.at(row.mean)}" y="50%" overflow="visible">'
        f'<path d="{path}" fill="currentColor" stroke="var(--paper)"/></svg></g></svg>'
        f'<span class="number">{text(delta)}</span></div>'
    )


def _whiskers(row: ForestRow, axis: _Axis) -> Iterator[str]:
    if row.interval is None:
        return
    low, high = (axis.at(end) for end in row.interval)
    kind = 'stroke="currentColor" stroke-width="2"'
    yield f'<line x1="{low}" x2="{high}" y1="50%" y2="50%" {kind}/>'
    for end in (low, high):
        yield f'<line x1="{end}" x2="{end}" y1="38%" y2="62%" {kind}/>'


def _line(x: str, css: str) -> str:
    return f'<line class="{css}" x1="{x}" x2="{x}" y1="0" y2="100%"/>'


def _scale(axis: _Axis, x_title: str) -> str:
    """Return the last row: the numbers of the axis, and what they are."""
    decimals = max(0, -math.floor(math.log10(axis.ticks[1] - axis.ticks[0]) + 1e-9))
    decimals += any(round(tick, decimals) != round(tick, decimals + 1) for tick in axis.ticks)
    numbers = "".join(
        f'<text x="{axis.at(tick)}" y="1.1em">{tick + 0.0:.{decimals}f}</text>'
        for tick in axis.ticks
    )
    title = f'<text class="title" x="50%" y="2.6em">{text(x_title)}</text>'
    return (
        f'<div class="row"><span></span><svg class="strip axis">{numbers}{title}</svg>'
        "<span></span></div>"
    )


def _caption(plot: Forest, comparison: Comparison) -> str:
    found = {row.verdict for row in plot.rows}
    signs = ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items() if verdict in found)
    return (
        "PSNR of each variant minus that of the network it is compared with: mean and interval "
        f"({confidence_text(comparison.rule)}) over {population_text(comparison)}. Shaded: within "
        f"±{plot.margin_db:g} dB. {signs}."
    )


def in_words(plot: Forest, dataset: str) -> str:
    """Return what a forest plot shows as text, for screen readers."""
    rows = (f"{row.name}: {db_text(row.mean, row.interval)}, {row.verdict}" for row in plot.rows)
    return f"Differences of PSNR on {dataset}. {'; '.join(rows)}."
