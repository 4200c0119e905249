"""Figures for print and for MLflow. The only file that imports matplotlib.

The HTML page draws its own, which answer to the pointer; these are still.
"""

import io
from collections.abc import Callable
from textwrap import fill
from typing import Any, Literal

from workbench.analysis.comparison import Comparison
from workbench.reporting.baseline import BICUBIC, below_bicubic
from workbench.reporting.colours import MARKS
from workbench.system.numbers import difference_text
from workbench.system.text import printable

_WIDTH_IN, _ROW_IN, _HEAD_IN = 7.0, 0.32, 1.1
_TITLE_CHARACTERS = 80
"""Of one line of the title, which then fits the width."""
# matplotlib's marks for the same shapes.
_SYMBOLS = {"triangle-up": "^", "triangle-down": "v", "square": "s", "circle": "o", "x": "x"}

_PLAIN: Any = {"text.parse_math": False}
"""Dollar signs in names are dollar signs and not the beginning of a formula."""

Form = Literal["png", "svg"]


def drawn(draw: Callable[[Any], None], inches: tuple[float, float]) -> bytes:
    """Return one panel as PNG at 150 dots an inch.

    Args:
        draw: Draws on a `matplotlib.axes.Axes`.
        inches: Width and height.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_PLAIN):
        figure = Figure(figsize=inches, layout="constrained")
        axes = figure.subplots()
        draw(axes)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        return _encoded(figure, "png")


def shade(share: float) -> Any:
    """Return a colour for 0..1, from dark to light also without colours."""
    import matplotlib as mpl

    return mpl.colormaps["viridis"](share)


def effects(comparison: Comparison, form: Form) -> bytes:
    """Return every difference with its interval, a panel for each data set.

    Args:
        comparison: At least one difference could be made.
        form: PNG at 150 dots an inch, or SVG with its text as text.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    datasets = [name for name in comparison.protocols if comparison.judged(name)]
    rows = max((len(comparison.judged(name)) for name in datasets), default=1)
    height = max(1, len(datasets)) * (_HEAD_IN + _ROW_IN * rows)
    # Fixed salt and no date: the same comparison gives the same file.
    with mpl.rc_context(_PLAIN | {"svg.fonttype": "none", "svg.hashsalt": "workbench"}):
        figure = Figure(figsize=(_WIDTH_IN, height), layout="constrained")
        for panel, name in zip(
            figure.subplots(max(1, len(datasets)), squeeze=False)[:, 0], datasets, strict=False
        ):
            _panel(panel, comparison, name)
        if comparison.question:
            figure.suptitle(fill(printable(comparison.question), _TITLE_CHARACTERS), fontsize=11)
        return _encoded(figure, form)


def _encoded(figure: Any, form: Form) -> bytes:
    content = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else None
    figure.savefig(content, format=form, dpi=150, metadata=metadata)
    return content.getvalue()


def _panel(axes: Any, comparison: Comparison, dataset: str) -> None:
    margin = comparison.rule.margin_db
    judged = comparison.judged(dataset)
    axes.axvspan(-margin, margin, color=MARKS["equivalent"][0], alpha=0.12, linewidth=0)
    axes.axvline(0, color="black", linewidth=1)
    for row, one in enumerate(judged):
        decision = one.difference.decision
        colour, symbol = MARKS[decision.verdict]
        mean = decision.estimate.mean
        half = decision.interval[1] - mean if decision.interval else 0.0
        axes.errorbar(
            mean, row, xerr=half, fmt=_SYMBOLS[symbol], color=colour, capsize=3, markersize=6
        )
        axes.annotate(
            decision.verdict,
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=9,
            color=colour,
        )
    axes.set_yticks(range(len(judged)), [one.name for one in judged])
    axes.set_ylim(len(judged) - 0.5, -0.5)
    trained_on = comparison.protocols[dataset].trained_on
    overlap = f", {trained_on.describe()}" if trained_on else ""
    axes.set_title(
        f"{dataset} ({len(judged[0].difference.images)} images{overlap})", loc="left", fontsize=10
    )
    axes.set_xlabel(f"difference of PSNR, dB{_bicubic_line(axes, comparison, dataset)}")
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _bicubic_line(axes: Any, comparison: Comparison, dataset: str) -> str:
    """Draw bicubic's difference to the base where it lies within the axis.

    The axis is made for the differences between networks: one to bicubic, which may be a hundred
    times larger, must not squash them.

    Returns:
        The second line of the axis' title, which says the difference in any case; empty where the
        score of bicubic is not known.
    """
    bicubic, base = comparison.bicubic.get(dataset), comparison.rows[0]
    if bicubic is None or dataset not in base.datasets:
        return ""
    delta = bicubic.psnr_rgb_db - base.datasets[dataset].scores["psnr_rgb_db"].mean
    low, high = axes.get_xlim()
    if low < delta < high and {j.against for j in comparison.judged(dataset)} <= {base.name, ""}:
        axes.axvline(delta, color="#666666", linewidth=1, linestyle=":")
        axes.annotate(
            BICUBIC,
            (delta, 1.0),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=8,
            color="#666666",
        )
        axes.set_xlim(low, high)
    below = len(below_bicubic(comparison, dataset))
    networks = f"; {below} of {len(comparison.rows)} networks are below it" if below else ""
    return f"\n{BICUBIC}: {difference_text(delta)} dB against {base.name}{networks}"
