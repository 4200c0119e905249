"""What a page of the site is, and how text of the program becomes Markdown."""

import html
import re
from dataclasses import dataclass

_CODE = re.compile(r"(`[^`]+`)")
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
