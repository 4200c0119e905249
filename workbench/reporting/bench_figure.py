"""The figure of a benchmark, described: time measured beside the time of the least traffic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.reporting.colours import OTHERS, style
from workbench.reporting.figure import Bars, BarSeries

_ROW_PX, _FRAME_PX = 44, 120


@dataclass(frozen=True)
class TimedWork:
    """One network at one kind of work."""

    label: str
    """Network and work."""
    median_ms: float
    roofline_ms: float | None
    """None for a network whose traffic cannot be counted."""


def bench_bars(timed: Sequence[TimedWork]) -> Bars:
    """Return bars of milliseconds, a group for each network and kind of work.

    Args:
        timed: At least one.
    """
    values: Mapping[str, tuple[float, ...]] = {
        "measured, median": tuple(one.median_ms for one in timed),
        "least traffic at copy bandwidth": tuple(one.roofline_ms or 0.0 for one in timed),
    }
    looks = (style(0), OTHERS)
    series = tuple(
        BarSeries(name, found, look)
        for (name, found), look in zip(values.items(), looks, strict=True)
    )
    labels = tuple(one.label for one in timed)
    height = _FRAME_PX + _ROW_PX * len(labels)
    return Bars(labels, series, "ms a network and step, or an image", height, highest=None)
