"""Documents of the repository's top folder as pages, and links between them and `docs/`."""

import posixpath
import re
from pathlib import Path

from tools.docs_site.pages import Page

ROOT = Path(__file__).parents[2]
TOP = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
"""Documents at the top of the repository, and their pages."""
PAGES = TOP | {"docs/first-steps.ipynb": "first-steps.md"}
_LINK = re.compile(r"(\]\()([^)#\s:]+)(#[^)\s]*)?(\))")


def top_pages() -> list[Page]:
    """Return the documents of the repository's top folder."""
    return [
        Page(page, Path(page).stem.title(), (ROOT / source).read_text(encoding="utf-8"))
        for source, page in TOP.items()
    ]


def site_links(text: str, source: str) -> str:
    """Return a document with its links between files of the repository as links of the site.

    Args:
        text: Markdown.
        source: The document's place in the repository, such as `docs/python.md`.
    """

    def link(found: re.Match[str]) -> str:
        start, target, place, end = found.groups()
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        page = PAGES.get(file, file.removeprefix("docs/"))
        return f"{start}{page}{place or ''}{end}"

    return _LINK.sub(link, text)
