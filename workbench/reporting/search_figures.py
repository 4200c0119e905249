"""Figures of a search for its HTML page."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.reporting.colours import Style, style
from workbench.reporting.figure_parts import Figure, add_bicubic, laid_out
from workbench.reporting.wording import short_value
from workbench.search.analysis import Scored

FRONT = {
    "canonical": Style("var(--series-1)", "star", "solid"),
    "on the front": Style("var(--series-0)", "circle", "solid"),
    "not on it": Style("var(--muted)", "circle-open", "solid"),
}
"""What the marks of `front` stand for."""


def front(
    scored: Sequence[Scored], objectives: Sequence[str], bicubic: float | None = None
) -> Figure:
    """Return the first objective over the second one, or over the cost if there is only one.

    Args:
        scored: The networks; at least one.
        objectives: Their names.
        bicubic: What bicubic has of the first one; None for a cost, and where it is not known.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    kinds = {
        "canonical": [s for s in scored if not s.params],
        "on the front": [s for s in scored if s.params and s.on_front],
        "not on it": [s for s in scored if s.params and not s.on_front],
    }
    below = unit_text(objectives[1]) if len(objectives) > 1 else "multiply-adds, G"
    for label, found in kinds.items():
        look = FRONT[label]
        figure.add_scatter(
            x=[s.values[1] if len(objectives) > 1 else s.multiply_adds_g for s in found],
            y=[s.values[0] for s in found],
            text=[s.name for s in found],
            mode="markers+text" if label != "not on it" else "markers",
            textposition="top center",
            name=label,
            marker={"color": look.colour, "symbol": look.symbol, "size": 11},
            hovertemplate=f"%{{text}}: {unit_text(objectives[0])} %{{y:,.6~g}}, {below} "
            "%{x:,.6~g}<extra></extra>",
        )
    if bicubic is not None:
        add_bicubic(figure, bicubic, in_db=objectives[0].endswith("_db"))
    return laid_out(figure, below, unit_text(objectives[0]), 480)


def unit_text(name: str) -> str:
    """Return an objective with its unit: `Set5/psnr_rgb_db` is `Set5 PSNR, dB`."""
    dataset, slash, metric = name.rpartition("/")
    known = {"psnr_rgb_db": "PSNR, dB", "psnr_y_db": "PSNR of Y, dB"}.get(metric, metric)
    return f"{dataset}{' ' if slash else ''}{known.replace('_', ' ')}"


def parallel(scored: Sequence[Scored], objective: str) -> Figure:
    """Return one line for each network, through what was chosen and what came of it."""
    import plotly.graph_objects as go

    found = [one for one in scored if one.params]
    names = list(dict.fromkeys(name for one in found for name in one.params))
    axes = [axis_of(name, [one.params.get(name, "-") for one in found]) for name in names]
    scores = [one.values[0] for one in found]
    axes.append({"label": unit_text(objective), "values": scores})
    line = {"color": scores, "colorscale": "Viridis", "showscale": True}
    figure = go.Figure(go.Parcoords(dimensions=axes, line=line))
    laid_out(figure, "", "", 460)
    return figure.update_layout(margin={"l": 110, "r": 40, "t": 60, "b": 40})


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
    for number, (method, shares) in enumerate(by_method.items()):
        figure.add_bar(
            y=names,
            x=[shares.get(name, 0.0) for name in names],
            name=method,
            orientation="h",
            marker_color=style(number).colour,
            hovertemplate="%{y}: %{x:.2f}",
        )
    laid_out(figure, "share", "", 120 + 44 * len(names))
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(autorange="reversed")
    return figure


def rungs(at: Mapping[int, Mapping[str, float]], ends: Mapping[str, float], score: str) -> Figure:
    """Return what each network had at the rungs against what it had at its end.

    Args:
        at: Value by name, by step of the rung.
        ends: Value at the end, by name.
        score: What it is a value of.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, (step, values) in enumerate(at.items()):
        both = [name for name in values if name in ends]
        look = style(number)
        figure.add_scatter(
            x=[values[name] for name in both],
            y=[ends[name] for name in both],
            text=both,
            mode="markers",
            name=rung_name(step),
            marker={"color": look.colour, "symbol": look.symbol, "size": 10},
            hovertemplate="%{text}: %{x:,.6~g}, at the end %{y:,.6~g}",
        )
    return laid_out(figure, rung_title(score), f"{unit_text(score)} at the end", 440)


def rung_name(step: int) -> str:
    """Return what a rung is called in a figure."""
    return f"after {step:,} steps"


def rung_title(score: str) -> str:
    """Say what a score, perhaps of a benchmark, is at a rung: there the validation images are."""
    return f"{score.rpartition('/')[2]} of the validation images at the rung"
