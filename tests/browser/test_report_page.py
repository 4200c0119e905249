"""The report as a reader sees it: drawn, quiet, self-contained, on a screen, a phone and paper."""

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, browser, needs_chromium
from tests.browser.conftest import workbench
from tests.builders.crops import keep
from tests.builders.pages import header, verdicts
from workbench.analysis.comparison import compare
from workbench.analysis.extreme_images import extreme_images
from workbench.reporting.page import page

pytestmark = [pytest.mark.xdist_group("browser"), needs_chromium]

DRAWN = """(() => { const plots = [...document.querySelectorAll('.plot')]
    .filter(plot => !plot.closest('details:not([open])'));
    return plots.length > 1 && plots.every(plot => plot.querySelector(
        'svg.main-svg .trace, svg.main-svg .hm, svg.main-svg image')); })()"""
HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))"
# What a reader would have to scroll the whole page sideways for.
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.wide, pre, nav')
    && e.getBoundingClientRect().right > innerWidth + 2).map(e => e.outerHTML.slice(0, 90))"""
CUT_VERDICTS = """[...document.querySelectorAll('.wide .chip')].filter(chip => {
    const [inner, outer] = [chip, chip.closest('.wide')].map(e => e.getBoundingClientRect());
    return inner.width === 0 || inner.left < outer.left || inner.right > outer.right + 1;
    }).length"""
# Mean of red, green and blue behind everything, from 0 (black) to 255.
PAPER = """(([r, g, b]) => (r + g + b) / 3)(
    getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number))"""
INK_OF_FIGURES = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
A4_PX = 690  # width of the paper less its margins, at 96 dots an inch


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a study with every verdict, long names and crops, made by hand."""
    folder = tmp_path_factory.mktemp("made")
    arms = verdicts(images=8) | {"a-variant-whose-name-is-quite-long": verdicts(images=8)["up"]}
    comparison = compare(arms, {})
    crops = keep(folder / "crop")
    items = [(one, crops, 1) for one in extreme_images(comparison) if one.variant in ("up", "down")]
    question = "Which_of_these_parts_have_any_effect_on_this_network, after very few steps?"
    path = folder / "page.html"
    path.write_text(page(header(arms, question), comparison, arms, items), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def seen(made: Path, opened: Browser) -> Browser:
    """Open the page anew at 1280 px and wait until everything is drawn."""
    opened.media("screen")
    opened.size(1280, 900)
    opened.go("about:blank")
    opened.go(made.as_uri())
    opened.until(DRAWN)
    return opened


def test_everything_of_a_real_study_is_drawn_and_nothing_leaves_the_machine(
    studied: Path, tmp_path: Path
) -> None:
    workbench(studied, "report", "mine", "--format", "html", "--out", "page.html")
    with browser(tmp_path / "profile") as real:
        real.size(1280, 900)
        real.go((studied / "page.html").as_uri())
        real.until(DRAWN)
        images = real.ask("""[...document.querySelectorAll('.crop img')].map(
            i => [i.naturalWidth, i.width, i.alt.length])""")
        assert len(images) == 2 * 2 * 5  # two variants, an image up and one down, five pictures
        assert all(natural == 64 and shown == 128 and alt > 0 for natural, shown, alt in images)
        assert {address.partition(":")[0] for address in real.requests} <= {"file", "data", "blob"}
        assert real.errors == []


@pytest.mark.parametrize("width_px", [1280, 400])
def test_nothing_is_wider_than_the_window(seen: Browser, width_px: int) -> None:
    seen.size(width_px, 900)
    seen.until(
        f"[...document.querySelectorAll('.main-svg')].every(s => s.clientWidth < {width_px})"
    )
    assert seen.ask("document.documentElement.scrollWidth") <= width_px
    assert seen.ask(TOO_WIDE) == []
    assert seen.errors == []
    # The list of sections is folded on phones.
    assert seen.ask("document.querySelector('nav a').checkVisibility()") == (width_px == 1280)


def test_verdicts_can_be_seen_without_scrolling_the_table(seen: Browser) -> None:
    assert seen.ask("document.querySelectorAll('.wide .chip').length") == 5
    assert seen.ask(CUT_VERDICTS) == 0
    boxes = "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth)"
    assert seen.ask(f"{boxes}.length") == 0


def test_question_answers_and_forest_come_first_and_headings_are_in_order(seen: Browser) -> None:
    place = "document.querySelector('{}').getBoundingClientRect().top"
    order = ("h1", ".facts", ".answers .chip", ".forest", "table", ".plot")
    tops = [seen.ask(place.format(one)) for one in order]
    assert tops == sorted(tops)
    assert tops[2] < 900  # the first answer is in the first window
    levels = seen.ask(HEADINGS)
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    # What is drawn is also said: for a screen reader, and for one who sees no colours.
    said = seen.ask("document.querySelector('figure [role=img]').getAttribute('aria-label')")
    assert "up: +0.5" in said
    assert " dB [" in said
    assert seen.ask("document.documentElement.lang") == "en"
    assert seen.ask("[...document.images].every(i => i.alt.length > 3)")


def test_crops_are_compared_by_a_slider_that_works_by_keyboard(seen: Browser) -> None:
    assert seen.ask("document.querySelectorAll('.reveal').length") == 8
    seen.ask("document.querySelector('.reveal select').focus()")
    for _ in range(2):
        seen.press("Tab")
    assert seen.ask("document.activeElement.type") == "range"
    at = "document.querySelector('.reveal .stage').style.getPropertyValue('--at')"
    before = seen.ask(at)
    seen.press("ArrowRight")
    seen.press("ArrowRight")
    assert (before, seen.ask(at)) == ("50%", "52%")
    shown = "document.querySelector('.reveal .over').alt"
    against = seen.ask(shown)
    seen.ask("document.querySelector('.reveal select').focus()")
    seen.press("ArrowLeft")
    assert seen.ask(shown) != against
    said = seen.ask("document.querySelector('.reveal input').getAttribute('aria-label')")
    assert said.startswith("left of the edge bicubic, right of it up")


def test_at_night_paper_and_figures_are_dark(seen: Browser) -> None:
    assert seen.ask(PAPER) > 240
    light = seen.ask(INK_OF_FIGURES)
    seen.media("screen", "dark")
    seen.until(f"{INK_OF_FIGURES} !== '{light}'")
    assert seen.ask(PAPER) < 40
    assert min(int(part) for part in re.findall(r"\d+", seen.ask(INK_OF_FIGURES))[:3]) > 180
    # Paper stays white, whatever the screen shows.
    seen.media("print", "dark")
    assert seen.ask(PAPER) > 240


def test_folded_figures_are_drawn_when_they_are_opened(seen: Browser) -> None:
    heat = "document.querySelector('#images-0-0')"
    assert not seen.ask(f"{heat}.classList.contains('js-plotly-plot')")
    seen.ask(f"{heat}.closest('details').open = true")
    seen.until(f"{heat}.querySelector('svg.main-svg image, svg.main-svg .hm') !== null")


def test_paper_has_the_tables_but_no_configs_and_no_controls(seen: Browser) -> None:
    seen.size(A4_PX, 900)
    seen.media("print")
    for hidden in ("details.config pre", "nav a", ".reveal input", "#images-0-0"):
        assert not seen.ask(f"document.querySelector('{hidden}').checkVisibility()")
    assert seen.ask("document.querySelector('details.key table').checkVisibility()")
    assert seen.ask(CUT_VERDICTS) == 0


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)")
def test_a_pdf_holds_every_verdict_and_whole_figures(seen: Browser, tmp_path: Path) -> None:
    seen.pdf(tmp_path / "page.pdf")
    read = ["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"]
    text = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    for name, psnr, verdict in (
        ("up", "30.5", "better"),
        ("down", "29.5", "worse"),
        ("same", "30.0", "equivalent"),
        ("open", "30.0", "undecided"),
    ):
        assert re.search(rf"{name} +{re.escape(psnr)}\d* .*{verdict}", text), name
    assert "adam_betas" not in text
    assert "multiply-adds, G" in text  # the axis of a figure
