"""A figure is described once, and drawn alike for pages and for prints."""

import pytest
from matplotlib.figure import Figure

from tests.builders.pages import verdicts
from workbench.analysis.comparison import Comparison, compare
from workbench.reporting import figures, prints
from workbench.reporting.colours import style
from workbench.reporting.figure import Level, Plot, Series
from workbench.reporting.page_figures import draw_for_page

pytestmark = pytest.mark.xdist_group("figures")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(verdicts(), {})


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Keep what matplotlib has drawn."""
    kept: list[Figure] = []

    def keep(figure: Figure, _form: str) -> bytes:
        kept.append(figure)
        return b""

    monkeypatch.setattr(prints, "_encoded", keep)
    return kept


def test_page_and_print_show_the_same_points(comparison: Comparison, printed: list[Figure]) -> None:
    plot = figures.costs(comparison, "Set5")
    prints.png(plot)
    axes = printed[0].axes[0]
    drawn = draw_for_page(plot)
    assert [trace.name for trace in drawn.data] == axes.get_legend_handles_labels()[1]
    points = [container[0].get_ydata() for container in axes.containers]
    assert [list(trace.y) for trace in drawn.data] == [list(ys) for ys in points]
    assert drawn.layout.yaxis.title.text == axes.get_ylabel() == "PSNR, dB"


def test_a_forest_has_a_row_for_each_comparison_with_the_margin_around_zero(
    comparison: Comparison, printed: list[Figure]
) -> None:
    forest = figures.forest(comparison, "Set5")
    assert forest is not None
    assert [row.name for row in forest.rows] == ["up", "down", "same", "open"]
    assert forest.margin_db == comparison.rule.margin_db
    prints.effects(comparison, "png")
    axes = printed[0].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["up", "down", "same", "open"]
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((-0.02, 0.02))


@pytest.mark.parametrize(
    ("value", "side", "text"),
    [
        (29.0, "inside", "bicubic"),
        (32.6, "above", "bicubic, far above what is drawn"),
        (27.4, "below", "bicubic, far below what is drawn"),
    ],
)
def test_a_level_beyond_twice_the_range_of_the_points_is_only_named(
    value: float, side: str, text: str
) -> None:
    points = Series("a", (1.0, 2.0), (29.5, 30.5), style(0), marker_px=6)
    plot = Plot((points,), "x", "y", 400, Level(value, "bicubic", 0.01))
    assert plot.level_side() == side
    assert plot.level_text() == text
