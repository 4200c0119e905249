"""The parts that all HTML pages are made of: they load nothing from anywhere."""

import html
from collections.abc import Sequence

from workbench.reporting.figures import Figure

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem;
       color: #111; background: #fff; }
h1, h2, h3 { line-height: 1.2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #444; padding-bottom: .3rem; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ccc;
         white-space: nowrap; }
th:first-child, td:first-child, td.word { text-align: left; }
td.word { white-space: normal; min-width: 14rem; }
figure { margin: 1rem 0; }
figcaption { color: #444; }
summary { cursor: pointer; padding: .3rem 0; }
summary:focus-visible, a:focus-visible { outline: 3px solid #0072B2; }
pre { overflow-x: auto; background: #f4f4f4; padding: .6rem; }
@media print { details > *:not(summary) { display: block; }
               details::details-content { content-visibility: visible; }
               figure, table { break-inside: avoid; }
               body { max-width: none; } }
"""

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:"
)
"""The browser itself refuses whatever would leave the machine."""


def document(title: str, body: str, style: str = "") -> str:
    """Return a self-contained page.

    Args:
        title: Plain text.
        body: HTML.
        style: More CSS.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}{style}</style>\n"
        f"<script>{_plotly()}</script>\n</head>\n<body>\n{body}\n</body></html>\n"
    )


def html_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the first column is a heading, the last one words, the others numbers."""
    lines = ["".join(f'<th scope="col">{text(name)}</th>' for name in head)]
    for name, *cells in rows:
        tags = [f"<td>{text(cell)}</td>" for cell in cells[:-1]]
        word = f'<td class="word">{text(cells[-1])}</td>'
        lines.append(f'<th scope="row">{text(name)}</th>' + "".join(tags) + word)
    inner = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table><caption>{text(caption)}</caption>\n{inner}</table></div>'


def html_figure(figure: Figure, name: str, caption: str) -> str:
    """Return a figure with what it shows in words.

    Args:
        figure: What is drawn.
        name: Of its element; once in a page.
        caption: Plain text.
    """
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=name,
        config={"responsive": True, "displayModeBar": False},
    )
    label = text(caption)
    return (
        f'<figure role="group" aria-label="{label}"><div role="img" aria-label="{label}">{drawn}'
        f"</div><figcaption>{label}</figcaption></figure>"
    )


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def text(plain: str) -> str:
    """Return plain text as HTML."""
    return html.escape(plain, quote=True)
