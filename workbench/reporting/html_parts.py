"""The parts that all HTML pages are made of: they load nothing from anywhere."""

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from workbench.reporting.figure import Figure
from workbench.reporting.page_figures import draw_for_page, plotly_script
from workbench.system.text import printable

_LONGEST_WHOLE = 22
"""Letters of the longest word that is never broken into lines: more do not fit on a phone."""


@dataclass(frozen=True)
class Section:
    """A heading that the list of sections leads to."""

    anchor: str
    """Of its element; once in a page."""
    title: str
    """Plain text."""

    def heading(self, css: str = "") -> str:
        """Return its heading, of the second level."""
        kind = f' class="{css}"' if css else ""
        return f'<h2 id="{self.anchor}"{kind}>{text(self.title)}</h2>'


def document(
    title: str, body: str, sections: Sequence[Section] = (), *, evals: bool = False
) -> str:
    """Return a self-contained page.

    Args:
        title: Plain text.
        body: HTML.
        sections: What the list of sections leads to; none without them.
        evals: Allow scripts to compile code, which plotly's parallel coordinates do.
    """
    scripts = (_plotly(), asset("page.js"))
    listed = f"{_listed(sections)}\n" if sections else ""
    sheet = "sheet" if sections else "sheet plain"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts, evals)}">\n'
        f"<title>{text(title)}</title>\n<style>{asset('page.css')}</style>\n"
        + "\n".join(f"<script>{script}</script>" for script in scripts)
        + f'\n</head>\n<body>\n<div class="as-printed" hidden></div>\n'
        f'<div class="{sheet}">\n{listed}<main>\n{body}\n</main></div>\n'
        "</body></html>\n"
    )


def asset(name: str) -> str:
    """Return a file of the package's own: style sheet or script."""
    return (resources.files("workbench.reporting") / "assets" / name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str], evals: bool) -> str:
    """Return what the page may do: the browser refuses other scripts, and all that loads."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    unsafe = " 'unsafe-eval'" if evals else ""
    return (
        f"default-src 'none'; script-src {allowed}{unsafe}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@cache
def _plotly() -> str:
    return plotly_script()


def _listed(sections: Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{one.anchor}">{text(one.title)}</a></li>' for one in sections)
    return (
        '<nav aria-label="Sections"><details><summary>Sections</summary>'
        f"<ul>{links}</ul></details></nav>"
    )


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    html: str
    kind: str = ""
    """`word` is aligned left; `word long` may also be broken into lines. Else a number."""


def html_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> str:
    """Return a table in a box that scrolls if it must; the first column is a heading.

    Args:
        caption: Plain text.
        head: Plain text. Columns are aligned like the first row's cells.
        rows: Plain text, or HTML as a `Cell`; the last cell of plain text is aligned as words.
    """
    made = [[_cell(one, last=i == len(row) - 1) for i, one in enumerate(row)] for row in rows]
    kinds = [cell.kind.partition(" ")[0] for cell in made[0]] if made else [""] * len(head)
    top = "".join(
        f'<th scope="col"{_class(kind)}>{text(name)}</th>'
        for name, kind in zip(head, kinds, strict=True)
    )
    lines = []
    for name, *cells in made:
        others = "".join(f"<td{_class(cell.kind)}>{cell.html}</td>" for cell in cells)
        lines.append(f'<tr><th scope="row">{name.html}</th>{others}</tr>')
    inner = "\n".join(lines)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}">'
        f"<table><caption><span>{text(caption)}</span></caption>\n"
        f"<thead><tr>{top}</tr></thead>\n<tbody>{inner}</tbody></table></div>"
    )


def _cell(one: str | Cell, *, last: bool) -> Cell:
    if isinstance(one, Cell):
        return one
    return Cell(text(one), "word long" if last else "")


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def html_figure(figure: Figure, name: str, caption: str, legend: str = "") -> str:
    """Return a figure with what it shows in words.

    Args:
        figure: Drawn when the page is opened.
        name: Of its element; once in a page.
        caption: Plain text.
        legend: HTML that says what the colours mean.
    """
    label = text(caption)
    # As data, which the page's own script draws: no script of the page comes from its contents.
    # Plotly escapes what could close the element.
    data = draw_for_page(figure).to_json()
    return (
        f'<figure role="group" aria-label="{label}">{legend}'
        f'<div class="plot" id="{name}" role="img" aria-label="{label}" '
        f'style="height: {figure.height_px}px"></div>'
        f'<script type="application/json">{data}</script>'
        f"<figcaption>{label}</figcaption></figure>"
    )


def facts(rows: Mapping[str, str]) -> str:
    """Return what a page is about, as names and values in plain text."""
    items = "".join(f"<dt>{text(name)}</dt><dd>{text(fact)}</dd>" for name, fact in rows.items())
    return f'<dl class="facts">{items}</dl>'


def whole(plain: str) -> str:
    """Return plain text as HTML in which short words such as `L-var` stay in one line."""
    words = (_whole_word(word) for word in plain.split(" "))
    return " ".join(words)


def _whole_word(word: str) -> str:
    if "-" in word and len(word) <= _LONGEST_WHOLE:
        return f'<span class="whole">{text(word)}</span>'
    return text(word)


def text(plain: str) -> str:
    """Return plain text as HTML, with control and invisible characters written out."""
    return html.escape(printable(plain), quote=True)
