"""Bicubic interpolation in a search's tables, figures and page."""

import io

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from tests.builders.baselines import bicubic
from tests.builders.searches import Fake, run, settings
from workbench.cli import comparison_table, search_table
from workbench.cli.search_json import search_json
from workbench.cli.search_table import print_front, print_search
from workbench.reporting.page_figures import draw_for_page
from workbench.reporting.prints import png
from workbench.reporting.search_figures import front
from workbench.reporting.search_page import search_page
from workbench.reporting.search_summary import search_summary
from workbench.reporting.search_texts import bicubic_warnings
from workbench.search.analysis import Scored, analyse_search
from workbench.search.bicubic import below_bicubic_db, bicubic_values
from workbench.search.objectives import parse_objectives
from workbench.search.state import BASELINE, SearchState

pytestmark = pytest.mark.xdist_group("search-bicubic")

PSNR = parse_objectives([], ["Set5"])
BOTH = parse_objectives(["parameters", "Set5/psnr_rgb_db", "ssim_y"], ["Set5"])


def with_bicubic(state: SearchState, psnr_db: float) -> SearchState:
    """Return a search whose trials know the scores of bicubic."""
    results = {
        name: [
            one.model_copy(
                update={
                    "scores": tuple(
                        s.model_copy(update={"bicubic": bicubic(psnr_db)}) for s in one.scores
                    )
                }
            )
            for one in found
        ]
        for name, found in state.results.items()
    }
    return SearchState(state.record, results)


@pytest.fixture(scope="module")
def plain() -> SearchState:
    return run(settings(sampler="random"), 4, Fake())


@pytest.fixture(scope="module")
def state(plain: SearchState) -> SearchState:
    """Return a search with bicubic between the canonical network and those below it."""
    psnr_db = plain.values(PSNR)[BASELINE][0]
    return with_bicubic(plain, psnr_db + 0.25)


def test_each_objective_has_its_value_and_costs_have_none(
    plain: SearchState, state: SearchState
) -> None:
    expected = plain.values(PSNR)[BASELINE][0] + 0.25
    assert bicubic_values(state, PSNR) == (expected,)
    assert bicubic_values(state, BOTH) == (None, expected, 0.8)
    assert bicubic_values(plain, BOTH) == (None, None, None)


def test_networks_below_it_are_named(plain: SearchState, state: SearchState) -> None:
    found = below_bicubic_db(state)["Set5"]
    limit = plain.values(PSNR)[BASELINE][0] + 0.25
    assert set(found) == {n for n, (db,) in plain.values(PSNR).items() if db < limit}
    assert found[BASELINE] == pytest.approx(0.25)
    (text,) = bicubic_warnings(state)
    assert "t0000 by 0.250 dB" in text
    assert text.endswith("beat interpolation: their ranks say little about longer training.")
    assert bicubic_warnings(plain) == []


@pytest.mark.parametrize(
    ("objective", "value", "line", "label"),
    [
        ("psnr_rgb_db", 30.2, True, "bicubic 30.200 dB"),
        ("ssim_y", 30.2, True, "bicubic 30.2000"),
        ("psnr_rgb_db", 20.0, False, "bicubic 20.000 dB, far below what is drawn"),
        ("psnr_rgb_db", None, False, ""),
    ],
)
def test_the_page_draws_it_where_it_does_not_squash_the_front(
    objective: str, value: float | None, line: bool, label: str
) -> None:
    networks = [Scored(name, (db,), 0.3, {}, True) for name, db in (("a", 30.0), ("b", 30.5))]
    layout = draw_for_page(front(networks, [objective], value)).layout
    assert [one.text for one in layout.annotations] == ([label] if label else [])
    assert bool(layout.shapes) == line


def test_the_page_and_mlflow_have_both(state: SearchState) -> None:
    view = analyse_search(state, PSNR)
    (warning,) = bicubic_warnings(state)
    value = bicubic_values(state, PSNR)[0]
    page = search_page(view)
    assert f'<p class="warning">{warning}</p>' in page
    assert f'<th scope="row">bicubic</th><td>-</td><td>-</td><td>{value:.4f}</td>' in page
    assert warning in search_summary(state, PSNR).note


@pytest.mark.parametrize("show", ["all", "front"])
def test_tables_have_its_row_and_the_warning(
    state: SearchState, show: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.StringIO()
    for module in (search_table, comparison_table):
        monkeypatch.setattr(module, "OUT", Console(file=file, width=120))
    if show == "all":
        print_search(state)
    else:
        print_front(state, [BASELINE])
    printed = file.getvalue()
    row = next(line for line in printed.splitlines() if line.startswith("bicubic"))
    value = bicubic_values(state, PSNR)[0]
    assert row.split() == ["bicubic", "-", "-", f"{value:.4f}"]
    assert "below bicubic interpolation" in " ".join(printed.split())


def test_json_has_both(state: SearchState) -> None:
    named = {"objectives": tuple(objective.name for objective in BOTH)}
    settings = state.record.settings.model_copy(update=named)
    record = state.record.model_copy(update={"settings": settings})
    found = search_json(SearchState(record, state.results))
    assert list(found["bicubic"]) == ["parameters", "Set5/psnr_rgb_db", "ssim_y"]
    assert found["below_bicubic_db"]["Set5"][BASELINE] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("distance_db", "label"),
    [
        (0.05, "bicubic"),
        (5.0, "far above what is drawn"),
        (-5.0, "far below what is drawn"),
        (None, None),
    ],
)
def test_the_figure_has_a_line_that_does_not_squash_it(
    plain: SearchState,
    distance_db: float | None,
    label: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view = analyse_search(plain, PSNR)
    values = [one.values[0] for one in view.scored]
    height = None if distance_db is None else max(values) + distance_db
    drawn: list[Figure] = []

    def keep(figure: Figure, _form: str) -> bytes:
        drawn.append(figure)
        return b""

    monkeypatch.setattr("workbench.reporting.prints._encoded", keep)
    png(front(view.scored, view.names, height))
    labels = drawn[0].axes[0].get_legend_handles_labels()[1]
    assert any(label in one for one in labels) if label else "bicubic" not in " ".join(labels)
    low, high = drawn[0].axes[0].get_ylim()
    assert high - low < 3 * (max(values) - min(values))
