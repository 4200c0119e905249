"""A figure as a value: what is drawn. Pages draw it with plotly, prints with matplotlib."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from workbench.reporting.colours import Style
from workbench.statistics.decision_rule import Verdict

Line = Literal["none", "straight", "steps"]
_FAR = 2.0
"""A level further from the points than this many times their range would squash them."""


@dataclass(frozen=True)
class Series:
    """Points that look the same, perhaps joined by a line."""

    name: str
    """In the legend."""
    x: tuple[float, ...]
    y: tuple[float, ...]
    style: Style
    hover: tuple[str, ...] = ()
    """Shown at each point under the pointer; nothing if empty. Plain text."""
    labels: tuple[str, ...] = ()
    """Written beside each point; nothing if empty. Plain text."""
    line: Line = "none"
    marker_px: int = 0
    """Size of the marks; 0 draws none."""
    errors: tuple[float, ...] = ()
    """Half the length of each point's vertical bar, in units of y."""
    band: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """Lower and upper edge of the area behind the line."""


@dataclass(frozen=True)
class Level:
    """A score that is drawn as a line across the figure, such as that of bicubic."""

    value: float
    label: str
    """With the value."""
    least_range: float
    """Range of y below which differences are not worth drawing, in units of y."""


@dataclass(frozen=True)
class Plot:
    """Series over two axes."""

    series: tuple[Series, ...]
    x_title: str
    y_title: str
    height_px: int
    level: Level | None = None
    zero: bool = False
    """Whether y = 0 is marked."""
    title: str = ""
    """Of a panel that is printed beside others; it then needs no legend."""

    def level_side(self) -> Literal["inside", "above", "below"] | None:
        """Return where the level lies: far outside it is only named. None without one."""
        ys = [y for one in self.series for y in _extent(one)]
        if self.level is None:
            return None
        low, high = min(ys, default=math.nan), max(ys, default=math.nan)
        around = _FAR * max(high - low, self.level.least_range)
        if self.level.value < low - around:
            return "below"
        return "above" if self.level.value > high + around else "inside"

    def level_text(self) -> str:
        """Return what is written of the level."""
        assert self.level is not None
        side = self.level_side()
        if side == "inside":
            return self.level.label
        return f"{self.level.label}, far {side} what is drawn"


def _extent(series: Series) -> Iterator[float]:
    yield from series.y
    if series.band is not None:
        yield from series.band[0]
        yield from series.band[1]


@dataclass(frozen=True)
class BarSeries:
    """Bars of one colour."""

    name: str
    values: tuple[float, ...]
    """In the order of the categories."""
    style: Style


@dataclass(frozen=True)
class Bars:
    """Horizontal bars of shares, or of other values from 0, in groups."""

    categories: tuple[str, ...]
    """From top to bottom."""
    series: tuple[BarSeries, ...]
    x_title: str
    height_px: int
    highest: float | None = 1.0
    """End of the x axis, which starts at 0; None fits it to the values."""


@dataclass(frozen=True)
class ParallelAxis:
    """One axis of parallel coordinates."""

    label: str
    values: tuple[float, ...]
    """Of each line."""
    ticks: tuple[str, ...] = ()
    """Names of the values 0, 1, and so on; empty for numbers."""


@dataclass(frozen=True)
class ParallelCoordinates:
    """A line for each network through all axes, coloured by the last one."""

    axes: tuple[ParallelAxis, ...]
    height_px: int


@dataclass(frozen=True)
class HeatMap:
    """Differences in dB, with colours on both sides of 0."""

    values: tuple[tuple[float, ...], ...]
    """Shape (rows, columns)."""
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    height_px: int


@dataclass(frozen=True)
class CorrelationMatrix:
    """Rank correlations between all pairs, -1..1; for print only."""

    values: tuple[tuple[float | None, ...], ...]
    """Shape (names, names); None where there is none."""
    names: tuple[str, ...]
    doubtful: frozenset[tuple[int, int]]
    """(row, column) of correlations whose interval holds 0: they are in brackets."""
    title: str
    height_px: int


@dataclass(frozen=True)
class IntervalRow:
    """Values of one thing, each with its interval: one for each kind of value."""

    name: str
    values: tuple[tuple[float, float, float] | None, ...]
    """(value, lower bound, upper bound); None where there is none."""


@dataclass(frozen=True)
class Intervals:
    """Things below each other with their values and intervals; for print only."""

    kinds: tuple[str, ...]
    """Of values, in the legend."""
    rows: tuple[IntervalRow, ...]
    """From top to bottom."""
    x_title: str
    title: str
    height_px: int
    level: Level | None = None


@dataclass(frozen=True)
class ForestRow:
    """One comparison in a forest plot, in dB."""

    name: str
    mean: float
    interval: tuple[float, float] | None
    """None where it is not testable."""
    verdict: Verdict
    style: Style
    """Its colour in all figures of a page; a print has the colour of the verdict."""


@dataclass(frozen=True)
class Forest:
    """The differences of a data set, each with its interval."""

    title: str
    rows: tuple[ForestRow, ...]
    """At least one."""
    margin_db: float
    """Equivalence margin, drawn as a band around 0."""
    x_title: str
    reference: float | None = None
    """Bicubic minus the base in dB, drawn only where it lies among the rows."""
    note: str = ""
    """About the reference, a line below the axis."""


Figure = Plot | Bars | ParallelCoordinates | HeatMap
