"""Differences over training in words, in a figure, and in the page."""

import re

from tests.builders.curves import nothing, study, trial
from tests.builders.pages import header
from workbench.analysis.comparison import compare
from workbench.analysis.training_differences import training_differences
from workbench.reporting.page import page
from workbench.reporting.prints import panels, printed
from workbench.reporting.training_differences import (
    COLUMNS,
    MOST_BANDS,
    MOST_LINES,
    ROW_COLUMNS,
    caption,
    figure,
    figures,
    late_text,
    to_rows,
    trends_text,
)
from workbench.statistics.decision_rule import DecisionRule


def falling(step: int) -> float:
    return -step / 4_000


def test_the_line_names_what_still_moves_and_what_has_settled() -> None:
    comparison, results = study({"falls": falling, "stays": nothing, "falls too": falling})
    found = training_differences(comparison, results)
    assert trends_text(found, comparison.rule) == (
        "difference over the last third of training, on the validation images: "
        "still moving: falls and falls too; settled: stays "
        "(settled: change shown to be within ±0.02 dB)"
    )
    assert re.fullmatch(
        r"still moving: -0\.1000* dB \[.+\] from step 800 to 1,200", late_text(found[0])
    )


def test_nothing_is_said_of_one_seed_or_one_point() -> None:
    comparison, results = study({"falls": falling}, seeds=(1,))
    alone = training_differences(comparison, results)
    assert trends_text(alone, comparison.rule) == ""
    assert late_text(alone[0]) == "not known: one seed"
    short = {name: [trial(name, s, steps=(500,)) for s in (1, 2)] for name in ("base", "falls")}
    found = training_differences(compare(short, {}), short)
    assert trends_text(found, DecisionRule()) == ""
    assert late_text(found[0]).startswith("not known: fewer than two validations")


def test_the_figure_has_the_margin_and_an_interval_around_each_line() -> None:
    comparison, results = study({"falls": falling, "stays": nothing})
    found = training_differences(comparison, results)
    margin, falls, _ = figure(comparison, found).series
    assert margin.band == ((-0.02, -0.02), (0.02, 0.02))
    assert falls.name == "falls"
    assert falls.band is not None
    intervals = [point.interval for point in found[0].points]
    assert list(zip(*falls.band, strict=True)) == intervals
    svg = printed(figure(comparison, found), "svg", "Does it $last$?").decode()
    for text in ("Does it $last$?", "falls", "margin ±0.02 dB", "steps"):
        assert f">{text}</text>" in svg


def test_many_lines_have_no_intervals_and_the_smallest_differences_are_left_out() -> None:
    def scaled(number: int) -> dict[str, object]:
        return {f"v{n:02}": lambda step, n=n: n * step / 1e5 for n in range(1, number + 1)}

    comparison, results = study(scaled(MOST_BANDS + 1), seeds=(1, 2))  # type: ignore[arg-type]
    lines = figure(comparison, training_differences(comparison, results)).series[1:]
    assert {line.band for line in lines} == {None}
    comparison, results = study(scaled(MOST_LINES + 2), seeds=(1, 2))  # type: ignore[arg-type]
    lines = figure(comparison, training_differences(comparison, results)).series[1:]
    assert [line.name for line in lines] == [f"v{n:02}" for n in range(3, MOST_LINES + 3)]


def test_a_print_of_many_lines_has_a_panel_with_an_interval_for_each() -> None:
    names = [f"v{number}" for number in range(MOST_BANDS + 1)]
    comparison, results = study(dict.fromkeys(names, falling), seeds=(1, 2))
    found = training_differences(comparison, results)
    plots = figures(comparison, found)
    assert [plot.title for plot in plots] == names
    assert all(line.band for plot in plots for line in plot.series)
    svg = panels(plots, "svg", columns=COLUMNS).decode()
    assert all(f">{name}</text>" in svg for name in names)
    assert figures(comparison, found[:MOST_BANDS]) == [figure(comparison, found[:MOST_BANDS])]


def test_the_caption_says_over_what_the_intervals_are() -> None:
    comparison, results = study({"falls": falling})
    found = training_differences(comparison, results)
    assert "95 % interval over new seeds and new images." in caption(found, comparison.rule)
    old = {
        name: [trial(name, seed, per_image=False) for seed in (1, 2)] for name in ("base", "falls")
    }
    found = training_differences(compare(old, {}), old)
    assert "over new seeds, on these images: the records hold no scores of single images" in (
        caption(found, comparison.rule)
    )


def test_rows_have_one_comparison_and_step_each() -> None:
    comparison, results = study({"falls": falling})
    rows = to_rows(training_differences(comparison, results))
    assert len(rows) == 12
    assert tuple(rows[0]) == ROW_COLUMNS
    assert rows[-1]["low_db"] < rows[-1]["delta_psnr_rgb_db"] < rows[-1]["high_db"]


def test_the_page_shows_them_with_what_still_moves() -> None:
    comparison, results = study({"falls": falling})
    text = page(header(results, ""), comparison, results)
    assert '<h2 id="over-training">Differences over training</h2>' in text
    assert 'id="over-training-plot"' in text
    assert "still moving: -0.1" in text
    no_curves = {
        name: [one.model_copy(update={"curve": ()}) for one in trials]
        for name, trials in results.items()
    }
    assert "Differences over training" not in page(header(no_curves, ""), comparison, no_curves)
