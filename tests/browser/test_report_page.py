"""The report as a reader sees it: drawn, quiet, self-contained, on a screen, a phone and paper."""

import itertools
from pathlib import Path

import pytest

from tests.browser.chromium import browser, needs_chromium
from tests.browser.conftest import workbench

pytestmark = needs_chromium

DRAWN = """[...document.querySelectorAll('.js-plotly-plot')].every(
    plot => plot.querySelector('svg.main-svg .trace, svg.main-svg .hm, svg.main-svg image'))"""
IMAGES = "[...document.images].map(i => [i.naturalWidth, i.alt.length])"
HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))"
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.wide, pre')
    && e.getBoundingClientRect().right > window.innerWidth + 2).map(e => e.tagName)"""


@pytest.fixture(scope="module")
def page(studied: Path) -> Path:
    workbench(studied, "report", "mine", "--format", "html", "--out", "page.html")
    return studied / "page.html"


@pytest.mark.parametrize("width_px", [1200, 400])
def test_everything_is_drawn_and_nothing_leaves_the_machine(
    page: Path, tmp_path: Path, width_px: int
) -> None:
    with browser(tmp_path / "profile") as seen:
        seen.size(width_px, 900)
        seen.go(page.as_uri())
        seen.until("document.querySelectorAll('.js-plotly-plot').length >= 6")
        seen.until(DRAWN)
        images = seen.ask(IMAGES)
        assert len(images) == 2 * 2 * 5  # two variants, an image up and one down, five pictures
        assert all(width == 64 and alt > 0 for width, alt in images)
        assert seen.ask("document.documentElement.scrollWidth") <= width_px
        assert seen.ask(TOO_WIDE) == []
        assert {address.partition(":")[0] for address in seen.requests} <= {"file", "data", "blob"}
        assert seen.errors == []
        seen.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_the_first_thing_is_the_effect_plot_and_headings_are_in_order(
    page: Path, tmp_path: Path
) -> None:
    with browser(tmp_path / "profile") as seen:
        seen.go(page.as_uri())
        seen.until(DRAWN)
        assert seen.ask("document.querySelector('figure .js-plotly-plot').id") == "effects-0"
        levels = seen.ask(HEADINGS)
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        # What is drawn is also said: for a screen reader, and for one who sees no colours.
        said = seen.ask("document.querySelector('figure [role=img]').getAttribute('aria-label')")
        assert "relu: " in said
        assert " dB, " in said
        # By keyboard: every config can be opened.
        assert seen.ask("document.querySelectorAll('summary').length") == 3
        assert seen.ask("document.documentElement.lang") == "en"


def test_paper_shows_the_configs_too(page: Path, tmp_path: Path) -> None:
    with browser(tmp_path / "profile") as seen:
        seen.go(page.as_uri())
        seen.until(DRAWN)
        visible = "document.querySelector('details pre').checkVisibility()"
        assert not seen.ask(visible)
        seen.media("print")
        assert seen.ask(visible)
