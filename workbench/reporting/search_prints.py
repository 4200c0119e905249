"""Figures of a search for print and for MLflow, as PNG; the HTML page draws its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.reporting.baseline import BICUBIC
from workbench.reporting.colours import PALETTE
from workbench.reporting.prints import drawn, shade
from workbench.reporting.search_figures import axis_of, rung_title
from workbench.search.analysis import Scored

_WIDTH_IN = 7.0
_MOST_TICKS = 12
_WIDE = 14
"""Characters from which on a name has several lines."""
_MARKS = ("o", "s", "D", "P")


def front(
    scored: Sequence[Scored],
    objectives: Sequence[str],
    bicubic: Sequence[float | None] = (None,),
) -> bytes:
    """Return the first objective over the second one, or over the cost if there is only one.

    Args:
        scored: The networks.
        objectives: Their names.
        bicubic: What bicubic has of each, a line for the first one; None where it is not known.
    """
    kinds: tuple[tuple[str, str, str, bool, Callable[[Scored], bool]], ...] = (
        ("not on the front", "#666666", "o", False, lambda s: bool(s.params) and not s.on_front),
        ("on the front", PALETTE[0], "o", True, lambda s: bool(s.params) and s.on_front),
        ("canonical", PALETTE[1], "*", True, lambda s: not s.params),
    )

    def draw(axes: Any) -> None:
        for label, colour, mark, filled, belongs in kinds:
            found = [one for one in scored if belongs(one)]
            x = [one.values[1] if len(objectives) > 1 else one.multiply_adds_g for one in found]
            y = [one.values[0] for one in found]
            axes.scatter(
                x,
                y,
                marker=mark,
                s=60,
                edgecolors=colour,
                c=colour if filled else "none",
                label=label,
            )
            for one, *place in zip(found, x, y, strict=True) if filled else ():
                axes.annotate(one.name, place, (5, 5), textcoords="offset points", fontsize=8)
        axes.set_xlabel(objectives[1] if len(objectives) > 1 else "multiply-adds, G")
        axes.set_ylabel(objectives[0])
        _draw_bicubic(axes, bicubic[0], [one.values[0] for one in scored])
        axes.legend(fontsize=8)

    return drawn(draw, (_WIDTH_IN, 4.5))


def _draw_bicubic(axes: Any, value: float | None, values: Sequence[float]) -> None:
    """Draw bicubic as a line, unless it is so far away that it would squash what is to be seen."""
    if value is None:
        return
    span = max(values) - min(values)
    look = {"color": "#666666", "linestyle": ":"}
    if min(values) - span <= value <= max(values) + span:
        axes.axhline(value, label=BICUBIC, **look)
    else:
        where = "below" if value < min(values) else "above"
        axes.plot([], [], label=f"{BICUBIC}: {value:.3f}, {where} this figure", **look)


def parallel(scored: Sequence[Scored], objective: str) -> bytes:
    """Return one line for each network, through what was chosen and what came of it."""
    found = [one for one in scored if one.params]
    names = list(dict.fromkeys(name for one in found for name in one.params))
    columns = [axis_of(name, [one.params.get(name, "-") for one in found]) for name in names]
    columns.append({"label": objective, "values": [one.values[0] for one in found]})
    heights = [_scaled(column["values"]) for column in columns]

    def draw(axes: Any) -> None:
        for row in zip(*heights, strict=True):
            axes.plot(range(len(row)), row, color=shade(row[-1]), linewidth=1.2)
        for place, column in enumerate(columns):
            axes.axvline(place, color="black", linewidth=0.6)
            for height, label in _ticks(column).items():
                at = (place, height)
                axes.annotate(label, at, (3, 0), textcoords="offset points", fontsize=7)
        names = [column["label"] for column in columns]
        labels = [name.replace("_", "_\n") if len(name) > _WIDE else name for name in names]
        axes.set_xticks(range(len(columns)), labels, fontsize=8)
        axes.set_yticks([])

    return drawn(draw, (max(_WIDTH_IN, 1.3 * len(columns)), 4.5))


def _ticks(column: Mapping[str, Any]) -> dict[float, str]:
    """Return what is written along an axis, by height: every value of a few, else both ends."""
    values = sorted(set(column["values"]))
    kept = values if len(values) <= _MOST_TICKS else [values[0], values[-1]]
    texts = column.get("ticktext") or {value: f"{value:.5g}" for value in kept}
    heights = dict(zip(values, _scaled(values), strict=True))
    return {heights[value]: texts[value] for value in kept}


def importances(by_method: Mapping[str, Mapping[str, float]]) -> bytes:
    """Return how much each dimension matters, by method."""
    names = list(dict.fromkeys(name for shares in by_method.values() for name in shares))

    def draw(axes: Any) -> None:
        height = 0.8 / len(by_method)
        for place, (method, shares) in enumerate(by_method.items()):
            rows = [row + place * height for row in range(len(names))]
            widths = [shares.get(name, 0.0) for name in names]
            axes.barh(rows, widths, height, color=PALETTE[place], label=method)
        middle = 0.4 - height / 2
        axes.set_yticks([row + middle for row in range(len(names))], names, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel("share")
        axes.legend(fontsize=8)

    return drawn(draw, (_WIDTH_IN, 1.2 + 0.45 * len(names)))


def rungs(at: Mapping[int, Mapping[str, float]], ends: Mapping[str, float], score: str) -> bytes:
    """Return what each network had at the rungs against what it had at its end."""

    def draw(axes: Any) -> None:
        for (step, values), colour, mark in zip(at.items(), PALETTE, _MARKS * 2, strict=False):
            both = [name for name in values if name in ends]
            x, y = [values[n] for n in both], [ends[n] for n in both]
            axes.scatter(x, y, marker=mark, color=colour, label=f"after {step:,} steps")
        axes.set_xlabel(rung_title(score))
        axes.set_ylabel(f"{score} at the end")
        axes.legend(fontsize=8)

    return drawn(draw, (_WIDTH_IN, 4.2))


def _scaled(values: Sequence[float]) -> list[float]:
    """Return values from 0 to 1; 0.5 where all are the same."""
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]
