"""Figures for print and for MLflow. The only file that imports matplotlib.

The HTML page draws its own, which answer to the pointer; these are still.
"""

import io
from typing import Any, Literal

from workbench.reporting.comparison import Comparison
from workbench.reporting.figures import MARKS

_WIDTH_IN, _ROW_IN, _HEAD_IN = 7.0, 0.32, 0.95
# matplotlib's marks for the same shapes.
_SYMBOLS = {"triangle-up": "^", "triangle-down": "v", "square": "s", "circle": "o", "x": "x"}


def effects(comparison: Comparison, form: Literal["png", "svg"]) -> bytes:
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
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "workbench"}):
        figure = Figure(figsize=(_WIDTH_IN, height), layout="constrained")
        for panel, name in zip(
            figure.subplots(max(1, len(datasets)), squeeze=False)[:, 0], datasets, strict=False
        ):
            _panel(panel, comparison, name)
        content = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else None
        figure.savefig(content, format=form, dpi=150, metadata=metadata)
    return content.getvalue()


def _panel(axes: Any, comparison: Comparison, dataset: str) -> None:
    margin = comparison.rules.margin_db
    judged = comparison.judged(dataset)
    axes.axvspan(-margin, margin, color="#009E73", alpha=0.12, linewidth=0)
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
    axes.set_title(
        f"{dataset} ({len(judged[0].difference.images)} images)", loc="left", fontsize=10
    )
    axes.set_xlabel("difference of PSNR, dB")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
