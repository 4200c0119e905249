"""Colours and shapes, the same in all figures.

The colours are Okabe and Ito's, which colour-blind readers tell apart. Each variant has a colour
and a shape, and each verdict as well: shapes say what colours say.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.analysis.comparison import Comparison
from workbench.statistics.decision_rule import Verdict

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""On paper. On a screen the style sheet says what `--series-0` to `--series-6` are."""
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "star", "x", "pentagon")
MARKS: Mapping[Verdict, tuple[str, str]] = {
    "better": ("#009E73", "triangle-up"),
    "worse": ("#D55E00", "triangle-down"),
    "equivalent": ("#0072B2", "square"),
    "undecided": ("#7A5C00", "circle"),
    "not testable": ("#666666", "x"),
    "better without": ("#009E73", "triangle-up"),
    "used": ("#D55E00", "triangle-down"),
    "unused": ("#0072B2", "square"),
    "unclear": ("#7A5C00", "circle"),
}
"""Colour on paper and shape of each verdict. On a screen the style sheet has the same hues."""
SIGNS: Mapping[Verdict, str] = {
    "better": "▲",
    "worse": "▼",
    "equivalent": "■",
    "undecided": "●",
    "not testable": "\u00d7",
    "better without": "▲",
    "used": "▼",
    "unused": "■",
    "unclear": "●",
}
"""The same shapes as letters."""
TERMINAL: Mapping[Verdict, str] = {
    "better": "green",
    "worse": "red",
    "equivalent": "cyan",
    "undecided": "yellow",
    "not testable": "dim",
    "better without": "green",
    "used": "red",
    "unused": "cyan",
    "unclear": "yellow",
}
"""The colours of a terminal that are nearest to those of `MARKS`."""
PATHS = {
    "circle": "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z",
    "circle-open": "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5ZM0-3A3 3 0 1 0 0 3A3 3 0 1 0 0-3Z",
    "line": "M-7-1H-4V1H-7ZM-1.5-1H1.5V1H-1.5ZM4-1H7V1H4Z",
    "square": "M-4.5-4.5H4.5V4.5H-4.5Z",
    "diamond": "M0-6L6 0L0 6L-6 0Z",
    "cross": "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
    "triangle-up": "M0-6L6 5H-6Z",
    "triangle-down": "M0 6L6-5H-6Z",
    "star": "M0-6.5L1.6-2H6.2L2.5.8L3.8 5.4L0 2.7L-3.8 5.4L-2.5.8L-6.2-2H-1.6Z",
    "x": "M-5.5-3.5L-3.5-5.5L0-2L3.5-5.5L5.5-3.5L2 0L5.5 3.5L3.5 5.5L0 2L-3.5 5.5L-5.5 3.5L-2 0Z",
    "pentagon": "M0-6L5.7-1.9L3.5 4.9H-3.5L-5.7-1.9Z",
}
"""Outlines for SVG, around the origin, in about 12 units."""
_DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True)
class Style:
    """How a network looks in all figures of a page."""

    colour: str
    """For CSS, and for figures that the page's script draws."""
    symbol: str
    dash: str


BASE = Style("var(--base)", "circle", "solid")
BICUBIC_STYLE = Style("var(--muted)", "line", "dot")
PARETO = Style("var(--muted)", "line", "dash")
OTHERS = Style("var(--muted)", "circle-open", "solid")
"""Networks without a colour of their own."""
_PAPER = {f"var(--series-{number})": colour for number, colour in enumerate(PALETTE)} | {
    "var(--base)": "#57606A",
    "var(--muted)": "#666666",
}


def on_paper(style: Style) -> str:
    """Return the colour of a style on paper, as `#RRGGBB`."""
    return _PAPER[style.colour]


def styles(comparison: Comparison) -> dict[str, Style]:
    """Return how each network and effect looks, by its place in the comparison."""
    base, *others = [row.name for row in comparison.rows]
    names = [*others, *(effect.name for effect in comparison.effects)]
    return {base: BASE} | {name: style(number) for number, name in enumerate(names)}


def style(number: int) -> Style:
    """Return the style of a variant by its number; 56 of them differ in colour or shape."""
    colours = len(PALETTE)
    return Style(
        f"var(--series-{number % colours})",
        SYMBOLS[(number + 1) % len(SYMBOLS)],  # the first one is the base's
        _DASHES[number // colours % len(_DASHES)],
    )


def swatch(style: Style) -> str:
    """Return a network's mark as inline SVG; what it stands for must be said beside it."""
    return (
        '<svg class="swatch" viewBox="-7 -7 14 14" aria-hidden="true">'
        f'<path d="{PATHS[style.symbol]}" fill="{style.colour}"/></svg>'
    )


def legend(looks: Mapping[str, Style]) -> str:
    """Return as HTML what the marks of a figure stand for.

    Args:
        looks: By name, which is plain text.
    """
    items = "".join(
        f"<li>{swatch(look)}{html.escape(name, quote=True)}</li>" for name, look in looks.items()
    )
    return f'<ul class="legend">{items}</ul>'
