"""Figures of a search for its HTML page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.reporting.figures import PALETTE, Figure
from workbench.reporting.wording import short_value

_BLUE, _RED, _GREEN = PALETTE[:3]


@dataclass(frozen=True)
class Scored:
    """A network of a search that came to its end."""

    name: str
    values: tuple[float, ...]
    """Of the objectives."""
    multiply_adds_g: float
    params: Mapping[str, object]
    """What was chosen, by dimension; empty for the canonical network."""
    on_front: bool


def front(scored: Sequence[Scored], objectives: Sequence[str]) -> Figure:
    """Return the first objective over the second one, or over the cost if there is only one."""
    import plotly.graph_objects as go

    figure = go.Figure()
    kinds = (
        ("canonical", _RED, "star", [s for s in scored if not s.params]),
        ("on the front", _BLUE, "circle", [s for s in scored if s.params and s.on_front]),
        ("not on it", "#666666", "circle-open", [s for s in scored if s.params and not s.on_front]),
    )
    for label, colour, symbol, found in kinds:
        figure.add_scatter(
            x=[s.values[1] if len(objectives) > 1 else s.multiply_adds_g for s in found],
            y=[s.values[0] for s in found],
            text=[s.name for s in found],
            mode="markers+text" if label != "not on it" else "markers",
            textposition="top center",
            name=label,
            marker={"color": colour, "symbol": symbol, "size": 11},
        )
    figure.update_xaxes(title=objectives[1] if len(objectives) > 1 else "multiply-adds G")
    figure.update_yaxes(title=objectives[0])
    return _plain(figure, 480)


def parallel(scored: Sequence[Scored], objective: str) -> Figure:
    """Return one line for each network, through what was chosen and what came of it."""
    import plotly.graph_objects as go

    found = [one for one in scored if one.params]
    names = list(dict.fromkeys(name for one in found for name in one.params))
    axes = [axis_of(name, [one.params.get(name, "-") for one in found]) for name in names]
    scores = [one.values[0] for one in found]
    axes.append({"label": objective, "values": scores})
    line = {"color": scores, "colorscale": "Viridis", "showscale": True}
    figure = go.Figure(go.Parcoords(dimensions=axes, line=line))
    return _plain(figure, 460, left=110)


def axis_of(name: str, chosen: Sequence[object]) -> dict[str, Any]:
    """Return an axis: numbers as they are, anything else in the order of its first appearance."""
    label = name.removeprefix("model.").removeprefix("spatial_attention.")
    numbers = [v for v in chosen if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(chosen):
        return {"label": label, "values": numbers}
    texts = [short_value(value) for value in chosen]
    known = sorted(set(texts))
    places = [known.index(text) for text in texts]
    return {
        "label": label,
        "values": places,
        "tickvals": list(range(len(known))),
        "ticktext": known,
    }


def importances(by_method: Mapping[str, Mapping[str, float]]) -> Figure:
    """Return how much each dimension matters, by method; the shares of a method add up to 1."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = list(dict.fromkeys(name for shares in by_method.values() for name in shares))
    for (method, shares), colour in zip(by_method.items(), PALETTE, strict=False):
        figure.add_bar(
            y=names,
            x=[shares.get(name, 0.0) for name in names],
            name=method,
            orientation="h",
            marker_color=colour,
        )
    figure.update_xaxes(title="share", range=[0, 1])
    figure.update_yaxes(autorange="reversed")
    return _plain(figure, 160 + 44 * len(names), left=260)


def rungs(at: Mapping[int, Mapping[str, float]], ends: Mapping[str, float], score: str) -> Figure:
    """Return what each network had at the rungs against what it had at its end.

    Args:
        at: Value by name, by step of the rung.
        ends: Value at the end, by name.
        score: What it is a value of.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    symbols = ("circle", "square", "diamond", "cross")
    for (step, values), colour, symbol in zip(at.items(), PALETTE, symbols * 2, strict=False):
        both = [name for name in values if name in ends]
        figure.add_scatter(
            x=[values[name] for name in both],
            y=[ends[name] for name in both],
            text=both,
            mode="markers",
            name=f"after {step:,} steps",
            marker={"color": colour, "symbol": symbol, "size": 10},
        )
    figure.update_xaxes(title=rung_title(score))
    figure.update_yaxes(title=f"{score} at the end")
    return _plain(figure, 440)


def rung_title(score: str) -> str:
    """Say what a score, perhaps of a benchmark, is at a rung: there the validation images are."""
    return f"{score.rpartition('/')[2]} of the validation images at the rung"


def _plain(figure: Figure, height_px: int, left: int = 80) -> Figure:
    figure.update_layout(
        template="plotly_white",
        height=height_px,
        margin={"l": left, "r": 40, "t": 60, "b": 60},
        legend={"orientation": "h", "y": 1.12},
    )
    # Plotly would write 0.0005 as 500μ.
    figure.update_xaxes(exponentformat="none")
    figure.update_yaxes(exponentformat="none")
    return figure
