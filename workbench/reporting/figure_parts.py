"""What the figures of all HTML pages have in common.

Colours are names of the style sheet, which the page's script puts in: light or dark.
"""

from typing import Any

from workbench.system.numbers import mean_text

Figure = Any
"""A `plotly.graph_objects.Figure`."""
_FAR = 2.0
"""Times the height of what is drawn: bicubic further away would squash it."""


def add_bicubic(figure: Figure, value: float, *, in_db: bool = True) -> None:
    """Draw interpolation as a line; where it is far from all networks, only say where it is.

    Args:
        figure: What it is added to; the networks are there already.
        value: Score of bicubic.
        in_db: Whether it is a PSNR; SSIM has no unit.
    """
    values = [one for trace in figure.data for one in trace.y]
    low, high = min(values), max(values)
    around = _FAR * max(high - low, 0.01 if in_db else 0.0001)
    label = f"bicubic {mean_text(value)} dB" if in_db else f"bicubic {value:.4f}"
    font = {"color": "var(--muted)", "size": 13}
    if low - around <= value <= high + around:
        line = {"color": "var(--muted)", "dash": "dot", "width": 1.5}
        figure.add_hline(
            y=value,
            line=line,
            annotation={"text": label, "font": font},
            annotation_position="bottom left",
        )
        return
    where = f"{label}, far {'below' if value < low else 'above'} what is drawn"
    place = {"xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "showarrow": False}
    figure.add_annotation(text=where, font=font, y=1, yanchor="bottom", **place)


def laid_out(figure: Figure, x_title: str, y_title: str, height_px: int) -> Figure:
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
