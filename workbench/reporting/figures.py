"""Figures of a comparison for the HTML page. Here and in `search_figures.py` plotly is imported.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; shapes say the same.
"""

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean
from typing import Any

from workbench.reporting.comparison import Comparison, Judged
from workbench.reporting.judging import Difference
from workbench.reporting.numbers import difference_text
from workbench.results import TrialResult

Figure = Any
"""A `plotly.graph_objects.Figure`."""
Results = Mapping[str, Sequence[TrialResult]]

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "star", "x", "pentagon")
MARKS = {
    "better": ("#0072B2", "triangle-up"),
    "worse": ("#D55E00", "triangle-down"),
    "equivalent": ("#009E73", "square"),
    "undecided": ("#666666", "circle"),
    "not testable": ("#666666", "x"),
}
_ROW_PX = 44


MOST_DRAWN = 24
"""Comparisons that are drawn image by image, and arms that have a colour of their own."""


def drawn(comparison: Comparison, dataset: str) -> tuple[Judged, ...]:
    """Return the comparisons that are drawn image by image: those that differ most, in order."""
    judged = comparison.judged(dataset)
    far = sorted(judged, key=lambda j: -abs(j.difference.decision.estimate.mean))[:MOST_DRAWN]
    kept = {one.name for one in far}
    return tuple(one for one in judged if one.name in kept)


def drawn_arms(comparison: Comparison) -> tuple[str, ...]:
    """Return the arms that have a colour of their own: the base, and those that differ most."""
    names = [row.name for row in comparison.rows]
    if len(names) <= MOST_DRAWN + 1:
        return tuple(names)
    far = {one.name for dataset in comparison.protocols for one in drawn(comparison, dataset)}
    return tuple(name for name in names if name in far or name == names[0])[: MOST_DRAWN + 1]


def effects(comparison: Comparison, dataset: str) -> Figure:
    """Return every difference with its interval, zero, and the margin of equivalence."""
    import plotly.graph_objects as go

    figure = go.Figure()
    margin = comparison.rules.margin_db
    figure.add_vrect(x0=-margin, x1=margin, fillcolor="#009E73", opacity=0.12, line_width=0)
    figure.add_vline(x=0, line_color="#000000", line_width=1)
    judged = comparison.judged(dataset)
    for verdict, (colour, symbol) in MARKS.items():
        found = [j for j in judged if j.difference.decision.verdict == verdict]
        if not found:
            continue
        decisions = [j.difference.decision for j in found]
        widths = [d.interval[1] - d.estimate.mean if d.interval else 0.0 for d in decisions]
        figure.add_scatter(
            x=[d.estimate.mean for d in decisions],
            y=[j.name for j in found],
            error_x={"type": "data", "array": widths, "thickness": 2},
            text=[difference_text(d.estimate.mean, d.interval) for d in decisions],
            hovertemplate="%{y}: %{text} dB",
            mode="markers",
            name=verdict,
            marker={"color": colour, "symbol": symbol, "size": 12},
        )
    names = [j.name for j in reversed(judged)]
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    return _laid_out(figure, "difference of PSNR, dB", "", 140 + _ROW_PX * len(judged))


def heat_map(difference: Difference) -> Figure:
    """Return the differences of one member of the family, seeds x images."""
    import plotly.graph_objects as go

    delta = difference.pair.delta
    limit = float(abs(delta).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=delta,
            x=list(difference.images),
            y=[f"seed {seed}" for seed in difference.seeds],
            zmin=-limit,
            zmax=limit,
            colorscale="RdBu",
            colorbar={"title": "dB", "exponentformat": "none"},
            text=[[f"{difference_text(db)} dB" for db in row] for row in delta.tolist()],
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        )
    )
    return _laid_out(figure, "", "", 160 + 26 * len(difference.seeds))


def per_image(comparison: Comparison, dataset: str) -> Figure:
    """Return the mean difference of every image, lowest first, a line for each comparison."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_hline(y=0, line_color="#000000", line_width=1)
    for number, judged in enumerate(drawn(comparison, dataset)):
        pair = judged.difference.pair
        ranked = sorted(zip(pair.delta.mean(axis=0).tolist(), pair.images, strict=True))
        colour = PALETTE[number % len(PALETTE)]
        figure.add_scatter(
            x=[100 * (rank + 0.5) / len(ranked) for rank in range(len(ranked))],
            y=[db for db, _ in ranked],
            text=[f"{name}: {difference_text(db)} dB" for db, name in ranked],
            hovertemplate="%{text}",
            mode="lines+markers",
            name=judged.name,
            line={"color": colour, "width": 1},
            marker={"color": colour, "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 6},
        )
    return _laid_out(figure, "share of the images, %", "difference of PSNR, dB", 420)


def curves(results: Results, names: Collection[str]) -> Figure:
    """Return the learning curves: mean over seeds, in a band from lowest to highest."""
    import plotly.graph_objects as go

    figure = go.Figure()
    shown = {name: trials for name, trials in results.items() if name in names}
    for number, (name, trials) in enumerate(shown.items()):
        colour = PALETTE[number % len(PALETTE)]
        by_step: dict[int, list[float]] = {}
        for trial in trials:
            for point in trial.curve:
                by_step.setdefault(point.step, []).append(point.score.psnr_rgb_db)
        steps = sorted(by_step)
        high, low = ([f(by_step[s]) for s in steps] for f in (max, min))
        figure.add_scatter(
            x=[*steps, *reversed(steps)],
            y=[*high, *reversed(low)],
            fill="toself",
            fillcolor=colour,
            opacity=0.15,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
        mean = [fmean(by_step[step]) for step in steps]
        dash = ("solid", "dash", "dot", "dashdot")[number // len(PALETTE) % 4]
        figure.add_scatter(x=steps, y=mean, name=name, line={"color": colour, "dash": dash})
    return _laid_out(figure, "steps", "validation PSNR, dB", 420)


def costs(comparison: Comparison, dataset: str) -> Figure:
    """Return quality, with its sd over seeds, against multiply-adds, and the Pareto front."""
    import plotly.graph_objects as go

    figure = go.Figure()
    points = [
        (row.cost.multiply_adds / 1e9, row.datasets[dataset].scores["psnr_rgb_db"], row.name)
        for row in comparison.rows
        if dataset in row.datasets
    ]
    named = drawn_arms(comparison)
    for number, (x, spread, name) in enumerate(p for p in points if p[2] in named):
        figure.add_scatter(
            x=[x],
            y=[spread.mean],
            error_y={"type": "data", "array": [spread.seed_sd or 0]},
            mode="markers",
            marker={
                "color": PALETTE[number % len(PALETTE)],
                "symbol": SYMBOLS[number % len(SYMBOLS)],
                "size": 11,
            },
            name=name,
        )
    others = [point for point in points if point[2] not in named]
    if others:
        figure.add_scatter(
            x=[x for x, _, _ in others],
            y=[spread.mean for _, spread, _ in others],
            text=[name for _, _, name in others],
            mode="markers",
            marker={"color": "#999999", "symbol": "circle-open", "size": 7},
            name=f"{len(others)} others",
        )
    front: list[tuple[float, float]] = []
    for x, spread, _ in sorted(points, key=lambda p: (p[0], -p[1].mean)):
        if not front or spread.mean > front[-1][1]:
            front.append((x, spread.mean))
    figure.add_scatter(
        x=[x for x, _ in front],
        y=[y for _, y in front],
        mode="lines",
        line={"shape": "hv", "color": PALETTE[1], "dash": "dash"},
        name="Pareto front",
    )
    return _laid_out(figure, "multiply-adds, G", "PSNR, dB", 420)


def _laid_out(figure: Figure, x_title: str, y_title: str, height_px: int) -> Figure:
    figure.update_layout(
        template="plotly_white",
        height=height_px,
        margin={"l": 10, "r": 10, "t": 30, "b": 40},
        font={"size": 14},
        legend={"orientation": "h", "y": 1.1},
        xaxis_title=x_title,
        yaxis_title=y_title,
    )
    # Plotly would write 0.00005 dB as 50μ.
    figure.update_xaxes(automargin=True, exponentformat="none")
    figure.update_yaxes(automargin=True, exponentformat="none")
    return figure
