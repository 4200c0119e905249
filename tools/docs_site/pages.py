"""What a page of the site is, and how text of the program becomes Markdown."""

import html
import re
from dataclasses import dataclass

_CODE = re.compile(r"(`[^`]+`)")
_SHORT = re.compile(r"<code>(?=[^<]{1,24}</code>)")
_OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*)")


@dataclass(frozen=True)
class Page:
    """A page that is made when the site is built."""

    path: str
    """In the folder of the documents, such as `commands/ablate.md`."""
    title: str
    """In the navigation."""
    text: str
    """Markdown."""
    group: str = ""
    """Heading above it in the navigation, if it has one."""


def prose(text: str) -> str:
    """Return plain text as Markdown that shows it: options as code, `code` as it is."""
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"([\\*_\[\]{}|])", r"\\\1", text)
    return _OPTION.sub(r"`\1`", text)


def anchor(*words: str) -> str:
    """Return the words as an identifier of a place in a page: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


def definition(term: str, place: str, text: str, values: str = "") -> list[str]:
    """Return an entry of a definition list.

    Args:
        term: An option or a field, which is shown as code.
        place: The identifier that a link to it names.
        text: What it means.
        values: Its default and its range, which come last.
    """
    shown = f' <span class="values">{prose(values)}</span>' if values else ""
    return ["", f"`{term}`{{ #{place} }}", f":   {prose(' '.join(text.split()))}{shown}"]


def whole_words(html_text: str) -> str:
    """Return HTML in which no line ends within short code, such as after the hyphens of `--seeds`.

    The class of such code is in `docs/site.css`.
    """
    return _SHORT.sub('<code class="whole">', html_text)
