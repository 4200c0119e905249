"""The forest plot of a data set, as HTML and SVG: it needs no script, and fits phone and paper."""

import math
from collections.abc import Iterator

from workbench.analysis.comparison import Comparison, Judged
from workbench.reporting.colours import MARKS, PATHS, SIGNS, Style, styles
from workbench.reporting.html_parts import text, whole
from workbench.reporting.wording import confidence_text
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
    judged = comparison.judged(dataset)
    if not judged:
        return "<p>Nothing is compared.</p>"
    margin = comparison.rule.margin_db
    ends = [end for one in judged for end in _ends(one)]
    axis = _Axis(min(-margin, *ends), max(margin, *ends))
    label = text(in_words(comparison, dataset))
    looks = styles(comparison)
    behind = f"behind-{number}"
    rows = "\n".join(_row(one, axis, behind, looks[one.name]) for one in judged)
    return (
        f'<figure role="group" aria-label="{label}"><div class="forest" role="img" '
        f'aria-label="{label}">\n{_behind(axis, margin, behind)}{rows}\n{_scale(axis)}</div>'
        f"<figcaption>{text(_caption(comparison, dataset))}</figcaption></figure>"
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


def _ends(one: Judged) -> tuple[float, ...]:
    found = one.difference.decision
    return found.interval or (found.estimate.mean,)


def _row(one: Judged, axis: _Axis, behind: str, look: Style) -> str:
    found = one.difference.decision
    delta = difference_text(found.estimate.mean, found.interval)
    tip = f"{one.name}: {db_text(found.estimate.mean, found.interval)}, {found.verdict}"
    path = PATHS[MARKS[found.verdict][1]]
    return (
        f'<div class="row"><span class="name">{whole(one.name)}</span>'
        f'<svg class="strip"><title>{text(tip)}</title><use href="#{behind}"/>'
        f'<g style="color: {look.colour}">{"".join(_whiskers(one, axis))}'
        f'<svg x="{axis.at(found.estimate.mean)}" y="50%" overflow="visible">'
        f'<path d="{path}" fill="currentColor" stroke="var(--paper)"/></svg></g></svg>'
        f'<span class="number">{text(delta)}</span></div>'
    )


def _whiskers(one: Judged, axis: _Axis) -> Iterator[str]:
    interval = one.difference.decision.interval
    if interval is None:
        return
    low, high = (axis.at(end) for end in interval)
    kind = 'stroke="currentColor" stroke-width="2"'
    yield f'<line x1="{low}" x2="{high}" y1="50%" y2="50%" {kind}/>'
    for end in (low, high):
        yield f'<line x1="{end}" x2="{end}" y1="38%" y2="62%" {kind}/>'


def _line(x: str, css: str) -> str:
    return f'<line class="{css}" x1="{x}" x2="{x}" y1="0" y2="100%"/>'


def _scale(axis: _Axis) -> str:
    """Return the last row: the numbers of the axis, and what they are."""
    decimals = max(0, -math.floor(math.log10(axis.ticks[1] - axis.ticks[0]) + 1e-9))
    decimals += any(round(tick, decimals) != round(tick, decimals + 1) for tick in axis.ticks)
    numbers = "".join(
        f'<text x="{axis.at(tick)}" y="1.1em">{tick + 0.0:.{decimals}f}</text>'
        for tick in axis.ticks
    )
    title = '<text class="title" x="50%" y="2.6em">difference of PSNR, dB</text>'
    return (
        f'<div class="row"><span></span><svg class="strip axis">{numbers}{title}</svg>'
        "<span></span></div>"
    )


def _caption(comparison: Comparison, dataset: str) -> str:
    found = {one.difference.decision.verdict for one in comparison.judged(dataset)}
    signs = ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items() if verdict in found)
    return (
        "PSNR of each variant minus that of the network it is compared with: mean and interval "
        f"({confidence_text(comparison.rule)}) over new seeds and new images. Shaded: within "
        f"±{comparison.rule.margin_db:g} dB. {signs}."
    )


def in_words(comparison: Comparison, dataset: str) -> str:
    """Say what the figure shows, for readers who do not see it."""
    said = []
    for one in comparison.judged(dataset):
        found = one.difference.decision
        delta = db_text(found.estimate.mean, found.interval)
        said.append(f"{one.name}: {delta}, {found.verdict}")
    return f"Differences of PSNR on {dataset}. {'; '.join(said)}."
