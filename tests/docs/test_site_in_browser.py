"""The site as a reader sees it."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Browser, browser, needs_chromium

pytestmark = [pytest.mark.xdist_group("site"), needs_chromium]

PAGES = ("index.html", "commands/ablate.html", "settings.html")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name that it has there)
        """Print nothing."""


@pytest.fixture(scope="module")
def opened(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, str]]:
    """Return a browser, and the address of the site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with browser(tmp_path_factory.mktemp("profile")) as page:
            yield page, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_pages_fit_a_phone_and_load_nothing_from_elsewhere(opened: tuple[Browser, str]) -> None:
    page, address = opened
    for width_px, scheme in ((390, "dark"), (1400, "light")):
        page.size(width_px, 800)
        page.media("screen", scheme)
        for name in PAGES:
            page.go(f"{address}/{name}")
            assert page.ask("document.documentElement.scrollWidth") <= width_px, name
        shown = page.ask("document.body.dataset.mdColorScheme")
        assert shown == {"dark": "slate", "light": "default"}[scheme]
    assert page.errors == []
    assert not [url for url in page.requests if not url.startswith((address, "data:"))]


def test_the_search_finds_an_option(opened: tuple[Browser, str]) -> None:
    page, address = opened
    page.size(1400, 800)
    page.go(f"{address}/index.html")
    page.until("document.querySelector('[data-md-component=search-query]') !== null")
    page.ask(
        "(field => { field.focus(); field.value = 'equivalence margin';"
        " field.dispatchEvent(new Event('keyup')); })"
        "(document.querySelector('[data-md-component=search-query]'))"
    )
    page.until("document.querySelectorAll('.md-search-result__link').length > 0")
    found = page.ask("[...document.querySelectorAll('.md-search-result__link')].map(a => a.href)")
    assert any("/commands/ablate.html" in target for target in found)
    assert page.errors == []
