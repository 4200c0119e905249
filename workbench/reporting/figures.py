"""Figures of a comparison for the HTML page. Here and in `search_figures.py` plotly is imported."""

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from workbench.analysis.comparison import Comparison, Judged
from workbench.analysis.judging import Difference
from workbench.reporting.baseline import validation_bicubic
from workbench.reporting.colours import BASE, Style, styles
from workbench.reporting.figure_parts import Figure, add_bicubic, laid_out
from workbench.results import TrialResult
from workbench.system.numbers import db_text, giga_text, mean_text

Results = Mapping[str, Sequence[TrialResult]]

MOST_DRAWN = 24
"""Comparisons that are drawn image by image, and arms that have a colour of their own."""
_SCALE = [[0, "var(--low)"], [0.5, "var(--middle)"], [1, "var(--high)"]]


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


def heat_map(difference: Difference) -> Figure:
    """Return the differences of one member of the family, seeds x images."""
    import plotly.graph_objects as go

    delta = difference.pair.delta
    limit = float(abs(delta).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=delta.tolist(),
            x=list(difference.images),
            y=[f"seed {seed}" for seed in difference.seeds],
            zmin=-limit,
            zmax=limit,
            colorscale=_SCALE,
            colorbar={"title": {"text": "dB"}, "exponentformat": "none", "outlinewidth": 0},
            text=[[db_text(db) for db in row] for row in delta.tolist()],
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        )
    )
    return laid_out(figure, "", "", 120 + 28 * len(difference.seeds))


def per_image(comparison: Comparison, dataset: str) -> Figure:
    """Return the mean difference of every image, lowest first, a line for each comparison."""
    import plotly.graph_objects as go

    looks = styles(comparison)
    figure = go.Figure()
    figure.add_hline(y=0, line_color="var(--ink)", line_width=1)
    for judged in drawn(comparison, dataset):
        pair, look = judged.difference.pair, looks[judged.name]
        ranked = sorted(zip(pair.delta.mean(axis=0).tolist(), pair.images, strict=True))
        figure.add_scatter(
            x=[100 * (rank + 0.5) / len(ranked) for rank in range(len(ranked))],
            y=[db for db, _ in ranked],
            text=[f"{name}: {db_text(db)}" for db, name in ranked],
            hovertemplate="%{text}",
            mode="lines+markers",
            name=judged.name,
            line={"color": look.colour, "width": 1},
            marker={"color": look.colour, "symbol": look.symbol, "size": 6},
        )
    return laid_out(figure, "share of the images, %", "difference of PSNR, dB", 420)


def curves(comparison: Comparison, results: Results, names: Collection[str]) -> Figure:
    """Return the learning curves: mean over seeds, in a band from lowest to highest."""
    import plotly.graph_objects as go

    looks = styles(comparison)
    figure = go.Figure()
    for name, trials in results.items():
        if name in names:
            _add_curve(figure, name, trials, looks.get(name, BASE))
    validated = validation_bicubic(results)
    if validated is not None:
        add_bicubic(figure, validated.psnr_rgb_db)
    return laid_out(figure, "steps", "validation PSNR, dB", 420)


def _add_curve(figure: Figure, name: str, trials: Sequence[TrialResult], look: Style) -> None:
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
        fillcolor=look.colour,
        opacity=0.15,
        line={"width": 0},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=steps,
        y=[fmean(by_step[step]) for step in steps],
        name=name,
        mode="lines" if len(steps) > 1 else "markers",
        line={"color": look.colour, "dash": look.dash},
        marker={"color": look.colour, "symbol": look.symbol, "size": 9},
        hovertemplate="%{y:.3f} dB at step %{x:,}",
    )


def costs(comparison: Comparison, dataset: str) -> Figure:
    """Return quality, with its sd over seeds, against multiply-adds, and the Pareto front."""
    import plotly.graph_objects as go

    figure = go.Figure()
    points = [
        (row.cost.multiply_adds / 1e9, row.datasets[dataset].scores["psnr_rgb_db"], row.name)
        for row in comparison.rows
        if dataset in row.datasets
    ]
    front: list[tuple[float, float]] = []
    for x, spread, _ in sorted(points, key=lambda p: (p[0], -p[1].mean)):
        if not front or spread.mean > front[-1][1]:
            front.append((x, spread.mean))
    figure.add_scatter(
        x=[x for x, _ in front],
        y=[y for _, y in front],
        mode="lines",
        line={"shape": "hv", "color": "var(--muted)", "dash": "dash", "width": 1},
        name="Pareto front",
        hoverinfo="skip",
    )
    bicubic = comparison.bicubic.get(dataset)
    if bicubic is not None:
        add_bicubic(figure, bicubic.psnr_rgb_db)
    named, looks = drawn_arms(comparison), styles(comparison)
    others = [point for point in points if point[2] not in named]
    if others:
        figure.add_scatter(
            x=[x for x, _, _ in others],
            y=[spread.mean for _, spread, _ in others],
            text=[f"{name}: {mean_text(spread.mean)} dB" for _, spread, name in others],
            hovertemplate="%{text}<extra></extra>",
            mode="markers",
            marker={"color": "var(--muted)", "symbol": "circle-open", "size": 7},
            name=f"{len(others)} others",
        )
    for x, spread, name in (point for point in points if point[2] in named):
        look = looks[name]
        said = f"{mean_text(spread.mean, spread.seed_sd)} dB, {giga_text(1e9 * x)} G multiply-adds"
        figure.add_scatter(
            x=[x],
            y=[spread.mean],
            error_y={"type": "data", "array": [spread.seed_sd or 0], "thickness": 1.5},
            mode="markers",
            marker={"color": look.colour, "symbol": look.symbol, "size": 12},
            name=name,
            text=[said],
            hovertemplate="%{text}",
        )
    return laid_out(figure, "multiply-adds, G", "PSNR, dB", 420)
