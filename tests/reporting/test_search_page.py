"""A search's page, its study for Optuna, and what MLflow shows of it."""

import io
from pathlib import Path

import optuna
import pytest
from PIL import Image

from tests.browser.chromium import browser, needs_chromium
from tests.builders.search_runs import PSNR
from tests.builders.searches import Fake, run, settings, with_rungs
from workbench.reporting.search_page import search_page
from workbench.reporting.search_study import write_study
from workbench.reporting.search_summary import PAGE, digest_of, search_summary
from workbench.search.analysis import analyse_search
from workbench.search.objectives import parse_objectives
from workbench.search.state import BASELINE, SearchState

pytestmark = pytest.mark.xdist_group("search-page")

DRAWN = """[...document.querySelectorAll('.js-plotly-plot')].every(
    plot => plot.querySelector('svg.main-svg .trace, svg.main-svg .parcoords, svg .y-axis'))"""


@pytest.fixture(scope="module")
def state() -> SearchState:
    return run(settings(space=with_rungs(), sampler="random"), 26, Fake())


def test_optuna_opens_the_study(state: SearchState, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    write_study(state, PSNR, path)
    study = optuna.load_study(study_name="s", storage=f"sqlite:///{path}")
    assert len(study.trials) == len(state.record.proposals)
    states = [trial.state.name for trial in study.trials]
    assert states.count("COMPLETE") == len(state.values(PSNR))
    assert states.count("PRUNED") == len(state.record.stopped())
    assert study.metric_names == ["psnr_rgb_db"]
    above = [trial for trial in study.trials if trial.constraints]
    assert len(above) == sum(bool(p.excess) for p in state.record.proposals) > 0
    assert study.best_trial.user_attrs["workbench.trial"] == state.front(PSNR)[0]


def test_mlflow_gets_the_page_and_the_figures(state: SearchState) -> None:
    shown = search_summary(state, PSNR)
    best = state.front(PSNR)[0]
    assert shown.figures["best/psnr_rgb_db"] == state.values(PSNR)[best][0]
    assert shown.cost == state.results[BASELINE][0].cost
    assert shown.digest == digest_of(state)
    assert b"Rung rank correlation" in shown.files[PAGE]
    for name in ("front.png", "parallel.png", "importances.png", "rungs.png"):
        picture = Image.open(io.BytesIO(shown.files[name])).convert("L")
        assert min(picture.size) > 300
        assert len(picture.getcolors() or ()) > 20, f"{name} is empty"
    other = SearchState(state.record, {BASELINE: state.results[BASELINE]})
    assert digest_of(other) != shown.digest


def test_a_search_of_two_objectives_and_one_that_has_only_begun_have_pages() -> None:
    wanted = settings(objectives=("psnr_rgb_db", "parameters"))
    several = parse_objectives(wanted.objectives, ["Set5"])
    assert "Hyper-parameter importance" in search_page(
        analyse_search(run(wanted, 10, Fake()), several)
    )
    assert (
        "fANOVA: at least 24 networks that can be compared are needed, there are 0"
        in search_page(analyse_search(run(settings(), 1, Fake()), PSNR))
    )


@needs_chromium
def test_everything_is_drawn_and_nothing_leaves_the_machine(
    state: SearchState, tmp_path: Path
) -> None:
    page = tmp_path / "s.html"
    page.write_text(search_page(analyse_search(state, PSNR)))
    with browser(tmp_path / "profile") as seen:
        seen.size(1200, 900)
        seen.go(page.as_uri())
        seen.until("document.querySelectorAll('.js-plotly-plot').length === 4")
        seen.until(DRAWN)
        assert {address.partition(":")[0] for address in seen.requests} <= {"file", "data", "blob"}
        assert seen.errors == []
        captions = seen.ask("[...document.querySelectorAll('figcaption')].map(f => f.innerText)")
        assert any("Kendall's tau" in caption for caption in captions)
        seen.screenshot(tmp_path / "s.png")
