"""A matrix of rank correlations for print, on matplotlib's axes, which it gets from outside."""

import math
from typing import Any

from workbench.reporting.figure import CorrelationMatrix

_DARK = 0.6
"""From this size of a correlation on, its cell is dark and its number white."""


def draw_matrix(axes: Any, matrix: CorrelationMatrix) -> None:
    """Draw the correlations as colours from -1 to 1 with their numbers."""
    values = [[math.nan if one is None else one for one in row] for row in matrix.values]
    axes.imshow(values, vmin=-1, vmax=1, cmap="RdBu", aspect="auto")
    for row, cells in enumerate(matrix.values):
        for column, value in enumerate(cells):
            if value is None:
                text = "-"
            else:
                text = f"{value:z.2f}"
                text = f"({text})" if (row, column) in matrix.doubtful else text
            colour = "white" if abs(value or 0.0) > _DARK else "black"
            at = {"ha": "center", "va": "center", "fontsize": 7}
            axes.annotate(text, (column, row), color=colour, **at)
    places = range(len(matrix.names))
    axes.set_xticks(places, matrix.names, rotation=60, ha="right", fontsize=7)
    axes.set_yticks(places, matrix.names, fontsize=7)
    axes.set_title(matrix.title, loc="left", fontsize=9)
