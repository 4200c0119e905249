"""The documents as a site: built once, read as its HTML."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import workbench as wb
from tests.builders.docs import ROOT
from tests.cli.conftest import Command
from tools.docs_site.commands import command_pages
from tools.docs_site.repository import TOP
from workbench.cli.command_table import COMMANDS
from workbench.cli.lazy import leaves
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.schemas import override_keys
from workbench.config.shipped import data_files

pytestmark = pytest.mark.xdist_group("site")

DOCUMENTS = {f"docs/{path.name}": f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
DOCUMENTS |= {source: page.replace(".md", ".html") for source, page in TOP.items()}
"""Each document of the repository and its page."""
LEAVES = [
    (name, words)
    for name, one in COMMANDS.items()
    for words, _ in leaves(name, one.load(name, None))
]


class Article(HTMLParser):
    """The tags, the identifiers, the addresses of files and the text of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self._text: list[str] = []
        self._inside = False
        self.feed(page.read_text())

    @property
    def text(self) -> str:
        """The words of the article, with one space between them."""
        return " ".join("".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag in ("script", "img", "iframe") and "src" in found:
            self.loaded.append(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon", "preconnect", "preload"):
            self.loaded.append(found["href"])
        if tag == "article":
            self._inside = True
        if self._inside:
            self.tags[tag] += 1
            self.ids.add(found.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text.append(data)


def test_every_page_is_in_the_navigation(site: Path) -> None:
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    home = (site / "index.html").read_text()
    linked = re.findall(r'<a href="([^"#]+)" class="md-nav__link', home)
    assert pages - {"404.html"} == set(linked)


def test_nothing_is_loaded_from_another_server(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    loaded = {address for page in pages for address in Article(page).loaded}
    assert any(address.endswith("site.css") for address in loaded)
    assert not [address for address in loaded if re.match(r"(\w+:)?//", address)]
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert "url(" in styles
    assert not re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)]*", styles)


@pytest.mark.parametrize(("name", "words"), LEAVES, ids=[words for _, words in LEAVES])
def test_the_page_of_a_command_says_what_its_help_says(
    site: Path, command: Command, name: str, words: str
) -> None:
    page = Article(site / "commands" / f"{name}.html")
    usage, _, text = command(*words.split(), "--help").out.partition("\n\n")
    text, _, example = text.partition("\nExample:\n")
    assert usage.removeprefix("Usage: ") in page.text
    assert " ".join(example.split()) in page.text
    written = _plain(page.text)
    for line in filter(None, map(_plain, text.splitlines())):
        # Help is wrapped at 80 columns, so that a line of it may hold a part of a word.
        assert line in written, line


def _plain(text: str) -> str:
    return re.sub(r"[\s`\[\]¶]|^\w+:$", "", text)


def test_a_command_that_is_added_has_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "rescale", COMMANDS["upscale"])
    pages = {page.path: page for page in command_pages()}
    assert "`--recursive`" in pages["commands/rescale.md"].text
    assert "workbench rescale" in pages["commands/index.md"].text


def test_the_page_of_the_python_api_has_every_public_name(site: Path) -> None:
    page = Article(site / "python-api.html")
    names = {place.rpartition(".")[2] for place in page.ids if place.startswith("workbench.")}
    assert names >= set(wb.__all__) - {"__version__"}
    assert "store: str | Path" in page.text  # which the signature has from `**options`
    assert "The folder of the store." in page.text


def test_the_page_of_settings_has_every_key_that_can_be_set(site: Path) -> None:
    page = Article(site / "settings.html")
    keys = [
        key for key in override_keys() if key not in ("model", "data", "training", "evaluation")
    ]
    assert len(keys) > 40
    for key in keys:
        assert key in page.text, key


def test_what_ships_under_a_name_is_listed(site: Path) -> None:
    page = Article(site / "shipped.html")
    for name in [*PRESETS, *RECIPES, *data_files("ablations"), *data_files("search_spaces")]:
        assert f" {name} " in page.text, name


def test_a_command_that_a_document_names_leads_to_its_page(site: Path) -> None:
    text = (site / "clusters.html").read_text() + (site / "searching.html").read_text()
    found = set(re.findall(r'<a href="(commands/[^"]*)"><code', text))
    assert "commands/search.html#workbench-search-optuna" in found
    for target in found:
        path, _, place = target.partition("#")
        assert place in Article(site / path).ids


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_has_the_structure_that_github_shows(site: Path, document: str) -> None:
    text = (ROOT / document).read_text()
    expected: Counter[str] = Counter()
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.nesting >= 0:
            expected["pre" if token.type in ("fence", "code_block") else token.tag] += 1
    found = Article(site / DOCUMENTS[document]).tags
    for tag in ("pre", "li", "table", "tr", "blockquote", "h1", "h2", "h3"):
        assert found[tag] == expected[tag], tag
