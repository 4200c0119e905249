"""Draws figures for HTML pages, where they answer to the pointer. Only this file imports plotly.

Colours are names of the style sheet, which the page's script puts in: light or dark.
"""

from typing import Any

from workbench.reporting.figure import Bars, Figure, HeatMap, ParallelCoordinates, Plot, Series
from workbench.system.numbers import db_text

PlotlyFigure = Any
"""A `plotly.graph_objects.Figure`."""
_DIVERGING = [[0, "var(--low)"], [0.5, "var(--middle)"], [1, "var(--high)"]]
_SHAPES = {"none": "linear", "straight": "linear", "steps": "hv"}


def draw_for_page(figure: Figure) -> PlotlyFigure:
    """Return a figure for the page's script."""
    match figure:
        case Plot():
            return _plot(figure)
        case Bars():
            return _bars(figure)
        case ParallelCoordinates():
            return _parallel(figure)
        case HeatMap():
            return _heat_map(figure)


def plotly_script() -> str:
    """Return the script of plotly, which pages carry inside."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def _plot(plot: Plot) -> PlotlyFigure:
    import plotly.graph_objects as go

    figure = go.Figure()
    if plot.zero:
        figure.add_hline(y=0, line_color="var(--ink)", line_width=1)
    for series in plot.series:
        _add_series(figure, series)
    _add_level(figure, plot)
    return _laid_out(figure, plot.x_title, plot.y_title, plot.height_px)


def _add_series(figure: PlotlyFigure, series: Series) -> None:
    colour = series.style.colour
    if series.band is not None:
        low, high = series.band
        figure.add_scatter(
            x=[*series.x, *reversed(series.x)],
            y=[*high, *reversed(low)],
            fill="toself",
            fillcolor=colour,
            opacity=0.15,
            line={"width": 0},
            hoverinfo="skip",
        )
    parts = {"lines": series.line != "none", "markers": series.marker_px, "text": series.labels}
    marker: dict[str, Any] = {"color": colour}
    if series.marker_px:
        marker |= {"symbol": series.style.symbol, "size": series.marker_px}
    width = 1 if series.marker_px or not series.hover else 2
    line = {"color": colour, "dash": series.style.dash, "width": width}
    hover = {"hovertext": list(series.hover), "hovertemplate": "%{hovertext}<extra></extra>"}
    figure.add_scatter(
        x=list(series.x),
        y=list(series.y),
        name=series.name,
        mode="+".join(part for part, drawn in parts.items() if drawn),
        text=list(series.labels) or None,
        textposition="top center",
        line=line | {"shape": _SHAPES[series.line]},
        marker=marker,
        error_y={"type": "data", "array": list(series.errors), "thickness": 1.5}
        if series.errors
        else None,
        **(hover if series.hover else {"hoverinfo": "skip"}),
    )


def _add_level(figure: PlotlyFigure, plot: Plot) -> None:
    """Draw the level as a line; where it is far from all points, only say where it is."""
    side = plot.level_side()
    if plot.level is None or side is None:
        return
    font = {"color": "var(--muted)", "size": 13}
    if side == "inside":
        figure.add_hline(
            y=plot.level.value,
            line={"color": "var(--muted)", "dash": "dot", "width": 1.5},
            annotation={"text": plot.level_text(), "font": font},
            annotation_position="bottom left",
        )
        return
    place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "showarrow": False}
    figure.add_annotation(text=plot.level_text(), font=font, y=1, yanchor="bottom", **place)


def _bars(bars: Bars) -> PlotlyFigure:
    import plotly.graph_objects as go

    figure = go.Figure()
    for series in bars.series:
        figure.add_bar(
            y=list(bars.categories),
            x=list(series.values),
            name=series.name,
            orientation="h",
            marker_color=series.style.colour,
            hovertemplate="%{y}: %{x:.2f}",
        )
    _laid_out(figure, bars.x_title, "", bars.height_px)
    figure.update_xaxes(range=[0, bars.highest])
    figure.update_yaxes(autorange="reversed")
    return figure


def _parallel(parallel: ParallelCoordinates) -> PlotlyFigure:
    import plotly.graph_objects as go

    axes: list[dict[str, Any]] = []
    for axis in parallel.axes:
        axes.append({"label": axis.label, "values": list(axis.values)})
        if axis.ticks:
            ticks = {"tickvals": list(range(len(axis.ticks))), "ticktext": list(axis.ticks)}
            axes[-1] |= ticks
    line = {"color": list(parallel.axes[-1].values), "colorscale": "Viridis", "showscale": True}
    figure = go.Figure(go.Parcoords(dimensions=axes, line=line))
    _laid_out(figure, "", "", parallel.height_px)
    return figure.update_layout(margin={"l": 110, "r": 40, "t": 60, "b": 40})


def _heat_map(heat_map: HeatMap) -> PlotlyFigure:
    import plotly.graph_objects as go

    limit = max(abs(db) for row in heat_map.values for db in row) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=[list(row) for row in heat_map.values],
            x=list(heat_map.columns),
            y=list(heat_map.rows),
            zmin=-limit,
            zmax=limit,
            colorscale=_DIVERGING,
            colorbar={"title": {"text": "dB"}, "exponentformat": "none", "outlinewidth": 0},
            text=[[db_text(db) for db in row] for row in heat_map.values],
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        )
    )
    return _laid_out(figure, "", "", heat_map.height_px)


def _laid_out(figure: PlotlyFigure, x_title: str, y_title: str, height_px: int) -> PlotlyFigure:
    """Give a figure the looks of the page; what its colours mean stands outside of it."""
    figure.update_layout(
        template="none",
        height=height_px,
        margin={"l": 10, "r": 20, "t": 24, "b": 40},
        font={"size": 14, "color": "var(--ink)", "family": "system-ui, sans-serif"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={
            "bgcolor": "var(--panel)",
            "bordercolor": "var(--line)",
            "font": {"color": "var(--ink)"},
        },
        showlegend=False,
        xaxis_title=x_title,
        yaxis_title=y_title,
    )
    axes = {
        "automargin": True,
        "exponentformat": "none",  # plotly would write 0.00005 dB as 50μ
        "gridcolor": "var(--line)",
        "zeroline": False,
    }
    figure.update_xaxes(axes)
    figure.update_yaxes(axes)
    return figure
