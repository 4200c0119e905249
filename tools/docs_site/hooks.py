"""What mkdocs calls while it builds the site: pages that are made, and links that are adapted."""

import sys
from itertools import groupby
from pathlib import Path
from typing import Any

# mkdocs runs this file by its path, from which `tools` could not be imported.
sys.path.insert(0, str(Path(__file__).parents[2]))

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page as SitePage

from tools.docs_site.api import api_page
from tools.docs_site.commands import command_links, command_pages
from tools.docs_site.notebook import notebook_page
from tools.docs_site.pages import Page, whole_words
from tools.docs_site.repository import ROOT, TOP, site_links, top_pages
from tools.docs_site.settings import settings_page
from tools.docs_site.shipped import shipped_page

_SECTIONS: dict[str, list[Page]] = {"Commands": [], "Reference": []}
"""Sections of the navigation, and the pages that they get."""
_ALONE = ("index.md", "results.md")
"""Pages that are a section by themselves: the column beside them would have their name only."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of commands and of the Python API into the navigation."""
    _SECTIONS["Commands"] = command_pages()
    _SECTIONS["Reference"] = [shipped_page(), settings_page(), api_page()]
    for section in config.nav or []:
        for title in section.keys() & _SECTIONS.keys():
            section[title] = _entries(_SECTIONS[title])
    return config


def _entries(pages: list[Page]) -> list[dict[str, Any]]:
    """Return the entries of a section: its pages, those of a group under the group's heading."""
    entries: list[dict[str, Any]] = []
    for group, members in groupby(pages, key=lambda page: page.group):
        listed = [{page.title: page.path} for page in members]
        entries += [{group: listed}] if group else listed
    return entries


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made to the files of `docs/`."""
    notebook = files.get_file_from_path("first-steps.ipynb")
    assert notebook is not None
    files.remove(notebook)
    made = [
        *top_pages(),
        notebook_page(ROOT / "docs" / "first-steps.ipynb", "first-steps.md"),
        *(page for pages in _SECTIONS.values() for page in pages),
    ]
    for page in made:
        files.append(File.generated(config, page.path, content=page.text))
    return files


def on_page_markdown(markdown: str, page: SitePage, **_: Any) -> str:
    """Adapt the links of a document to the site."""
    path = page.file.src_uri
    if path in _ALONE:
        page.meta["hide"] = ["navigation"]
    made = {one.path for pages in _SECTIONS.values() for one in pages}
    if path in made:
        return markdown
    sources = {page: source for source, page in TOP.items()}
    return site_links(markdown, sources.get(path, f"docs/{path}"))


def on_page_content(html: str, page: SitePage, **_: Any) -> str:
    """Let every command that a page names lead to the command's page."""
    return whole_words(command_links(html, page.file.src_uri))
