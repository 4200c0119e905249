"""The figures of a search, described; `page_figures.py` and `prints.py` draw them."""

from collections.abc import Mapping, Sequence

from workbench.reporting.baseline import BICUBIC
from workbench.reporting.colours import OTHERS, Style, style
from workbench.reporting.figure import (
    Bars,
    BarSeries,
    Level,
    ParallelAxis,
    ParallelCoordinates,
    Plot,
    Series,
)
from workbench.reporting.figures import psnr_level
from workbench.reporting.wording import short_value
from workbench.search.analysis import Scored

FRONT = {
    "canonical": Style("var(--series-1)", "star", "solid"),
    "on the front": Style("var(--series-0)", "circle", "solid"),
    "not on the front": OTHERS,
}
"""Marks of the figure `front`, by their meaning."""
_LEAST_RANGE = 0.0001
"""Of SSIM."""


def front(
    scored: Sequence[Scored], objectives: Sequence[str], bicubic: float | None = None
) -> Plot:
    """Return the first objective over the second one, or over the cost if there is only one.

    Args:
        scored: The networks; at least one.
        objectives: Their names.
        bicubic: What bicubic has of the first one; None for a cost, and where it is not known.
    """
    kinds = {
        "canonical": [s for s in scored if not s.params],
        "on the front": [s for s in scored if s.params and s.on_front],
        "not on the front": [s for s in scored if s.params and not s.on_front],
    }
    x_title = unit_text(objectives[1]) if len(objectives) > 1 else "multiply-adds, G"
    y_title = unit_text(objectives[0])
    series = []
    for label, found in kinds.items():
        names = tuple(one.name for one in found)
        xs = tuple(s.values[1] if len(objectives) > 1 else s.multiply_adds_g for s in found)
        ys = tuple(one.values[0] for one in found)
        points = zip(names, xs, ys, strict=True)
        series.append(
            Series(
                name=label,
                x=xs,
                y=ys,
                hover=tuple(f"{n}: {y_title} {y:,.6g}, {x_title} {x:,.6g}" for n, x, y in points),
                labels=() if label == "not on the front" else names,
                style=FRONT[label],
                marker_px=11,
            )
        )
    return Plot(tuple(series), x_title, y_title, 480, _level(bicubic, objectives[0]))


def _level(bicubic: float | None, objective: str) -> Level | None:
    if bicubic is None:
        return None
    if objective.endswith("_db"):
        return psnr_level(bicubic)
    return Level(bicubic, f"{BICUBIC} {bicubic:.4f}", _LEAST_RANGE)


def unit_text(name: str) -> str:
    """Return an objective with its unit: `Set5/psnr_rgb_db` is `Set5 PSNR, dB`."""
    dataset, slash, metric = name.rpartition("/")
    known = {"psnr_rgb_db": "PSNR, dB", "psnr_y_db": "PSNR of Y, dB"}.get(metric, metric)
    return f"{dataset}{' ' if slash else ''}{known.replace('_', ' ')}"


def parallel(scored: Sequence[Scored], objective: str) -> ParallelCoordinates:
    """Return one line for each network, through what was chosen to what it scored."""
    found = [one for one in scored if one.params]
    names = list(dict.fromkeys(name for one in found for name in one.params))
    axes = [_axis(name, [one.params.get(name, "-") for one in found]) for name in names]
    axes.append(ParallelAxis(unit_text(objective), tuple(one.values[0] for one in found)))
    return ParallelCoordinates(tuple(axes), 460)


def _axis(name: str, chosen: Sequence[object]) -> ParallelAxis:
    """Return an axis: numbers as they are, anything else in the order of its text."""
    label = name.removeprefix("model.").removeprefix("spatial_attention.")
    numbers = [v for v in chosen if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(chosen):
        return ParallelAxis(label, tuple(numbers))
    texts = [short_value(value) for value in chosen]
    known = sorted(set(texts))
    return ParallelAxis(label, tuple(known.index(text) for text in texts), tuple(known))


def importances(by_method: Mapping[str, Mapping[str, float]]) -> Bars:
    """Return how much each dimension matters, by method; the shares of a method add up to 1."""
    names = tuple(dict.fromkeys(name for shares in by_method.values() for name in shares))
    series = tuple(
        BarSeries(method, tuple(shares.get(name, 0.0) for name in names), style(number))
        for number, (method, shares) in enumerate(by_method.items())
    )
    return Bars(names, series, "share", 120 + 44 * len(names))


def rungs(at: Mapping[int, Mapping[str, float]], ends: Mapping[str, float], score: str) -> Plot:
    """Return the score of each network at the rungs against its score at the end.

    Args:
        at: Score by name, by step of the rung.
        ends: Score at the end, by name.
        score: Its name.
    """
    series = []
    for number, (step, values) in enumerate(at.items()):
        both = {name: (value, ends[name]) for name, value in values.items() if name in ends}
        series.append(
            Series(
                name=rung_name(step),
                x=tuple(here for here, _ in both.values()),
                y=tuple(there for _, there in both.values()),
                hover=tuple(
                    f"{name}: {here:,.6g} {rung_name(step)}, {there:,.6g} at the end"
                    for name, (here, there) in both.items()
                ),
                style=style(number),
                marker_px=10,
            )
        )
    return Plot(tuple(series), rung_title(score), f"{unit_text(score)} at the end", 440)


def rung_name(step: int) -> str:
    """Return what a rung is called in a figure."""
    return f"after {step:,} steps"


def rung_title(score: str) -> str:
    """Return the title of the axis of a rung, where the validation images are scored."""
    name, comma, unit = unit_text(score.rpartition("/")[2]).partition(",")
    return f"{name} on the validation images at the rung{comma}{unit}"
