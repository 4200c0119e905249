"""How numbers are printed: rounding hides neither a sign nor an effect."""

import pytest

from tests.builders.comparisons import BASE, BETTER
from workbench.analysis.comparison import compare
from workbench.reporting import figures
from workbench.reporting.page_figures import draw_for_page
from workbench.system.numbers import (
    count_change,
    decimals_of,
    difference_text,
    giga_change,
    giga_text,
    interval_text,
    mean_text,
    p_text,
    percent_change,
    percent_text,
    ratio_change,
    sd_text,
    signed,
)

Interval = tuple[float, float]


@pytest.mark.parametrize(
    ("mean", "interval", "text"),
    [
        (-0.000055, None, "-0.000055"),
        (0.0123, None, "+0.012"),
        (-0.8234, (-5.1304, 3.4846), "-0.823 [-5.130, +3.485]"),
        (0.0412, (0.0292, 0.0532), "+0.041 [+0.029, +0.053]"),
        (0.00412, (0.00292, 0.00532), "+0.0041 [+0.0029, +0.0053]"),
        (0.00005, (0.00002, 0.00008), "+0.000050 [+0.000020, +0.000080]"),
        (-0.0001, (-0.1, 0.1), "0.000 [-0.100, +0.100]"),
        (0.0, (0.0, 0.0), "0.000 [0.000, 0.000]"),
        (0.5, (0.5, 0.5), "+0.500 [+0.500, +0.500]"),
        (0.5, (0.5 - 1e-15, 0.5 + 1e-15), "+0.500 [+0.500, +0.500]"),
    ],
)
def test_a_difference_has_the_decimals_that_its_interval_needs(
    mean: float, interval: Interval | None, text: str
) -> None:
    assert difference_text(mean, interval) == text


def test_an_end_near_zero_shows_on_which_side_it_lies() -> None:
    assert difference_text(0.05, (0.00004, 0.1)) == "+0.05000 [+0.00004, +0.10000]"
    assert interval_text(0.05, (-0.00004, 0.1)) == "[-0.00004, +0.10000]"
    assert decimals_of(0.05, (1e-9, 0.1)) == 3  # not even the last decimal would show it


@pytest.mark.parametrize("value", [0.0, -0.0, 0.0004, -0.0004])
def test_zero_has_no_sign(value: float) -> None:
    assert signed(value, 3) == "0.000"


def test_a_mean_has_the_decimals_of_its_spread() -> None:
    assert mean_text(27.51234) == "27.512"
    assert mean_text(27.51234, 0.0341) == "27.512 ± 0.034"
    assert mean_text(27.51234, 0.00042) == "27.51234 ± 0.00042"
    assert mean_text(27.500008, 4e-7) == "27.500 ± 0.000"
    assert mean_text(27.5, 0.0) == "27.500 ± 0.000"
    assert (sd_text(0.1234), sd_text(0.000012)) == ("0.1234", "0.000012")


def test_small_counts_and_probabilities_are_not_zero() -> None:
    assert (giga_text(319_999_999), giga_text(42_000)) == ("0.3200", "0.000042")
    assert (giga_change(-4_096), giga_change(0)) == ("-0.0000041", "0.0000")
    assert (count_change(0), count_change(-1_200), count_change(0.4)) == ("0", "-1,200", "+0.4")
    assert (p_text(0.0004), p_text(0.0415), p_text(None)) == ("<.001", "0.042", "")


def test_nothing_and_everything_are_said_of_nothing_and_everything() -> None:
    shares = (0, 0.004, 0.00004, 0.5, 0.996, 0.99999, 1)
    assert [percent_text(share) for share in shares] == [
        *("0 %", "0.4 %", "<0.01 %", "50 %", "99.6 %", ">99.99 %", "100 %")
    ]
    assert (percent_change(0.0), percent_change(-0.0312)) == ("0.0%", "-3.1%")
    assert (ratio_change(-0.00004), ratio_change(0.0)) == ("-0.000040", "0.0000")


def test_the_colour_bar_is_in_db_without_prefixes() -> None:
    comparison = compare({"tiny": BASE, "up": BETTER}, {})
    drawn = draw_for_page(figures.heat_map(comparison.judged("Set5")[0].difference))
    bar = drawn.data[0].colorbar
    assert (bar.title.text, bar.exponentformat) == ("dB", "none")
