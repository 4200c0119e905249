"""The tables of a comparison: bicubic's row, the warning, and verdicts in colour."""

import io

import pytest
from rich.console import Console

from tests.builders.baselines import against_bicubic
from workbench.analysis.comparison import Comparison, compare
from workbench.cli import comparison_table, path_table
from workbench.cli.comparison_table import print_comparison
from workbench.cli.path_table import print_path
from workbench.cli.verdict_text import verdict_text
from workbench.reporting.colours import SIGNS

ARMS = {"tiny": [29.0, 30.0], "up": [30.5, 31.5], "unclear": [28.0, 29.9]}


@pytest.fixture
def comparison() -> Comparison:
    return compare(against_bicubic(ARMS), {})


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what the tables print into a file of 80 columns."""
    file = io.StringIO()
    for module in (comparison_table, path_table):
        monkeypatch.setattr(module, "OUT", Console(file=file, width=80, highlight=False))
    return file


def rows_of(text: str, name: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.split()[:1] == [name]]


def test_bicubic_is_a_row_without_a_verdict(comparison: Comparison, printed: io.StringIO) -> None:
    print_comparison(comparison)
    costs, scores = rows_of(printed.getvalue(), "bicubic")
    assert costs == ["bicubic", "-", "-", "-", "-"]
    assert scores == ["bicubic", "30.000", "0.7000"]
    assert rows_of(printed.getvalue(), "up")[1][-2:] == ["▲", "better"]
    assert max(map(len, printed.getvalue().splitlines())) <= 80


def test_a_warning_stands_under_a_table_whose_networks_are_below_it(
    comparison: Comparison, printed: io.StringIO
) -> None:
    print_comparison(comparison)
    table, _, below = printed.getvalue().partition("Set5: 2 networks are below bicubic")
    assert "● undecided" in table
    assert "tiny by 0.500 dB, unclear by 1.050 dB. They have not yet" in " ".join(below.split())


def test_networks_above_it_and_old_records_get_no_warning(printed: io.StringIO) -> None:
    print_comparison(compare(against_bicubic(ARMS, 27.0), {}))
    assert "below" not in printed.getvalue()
    assert len(rows_of(printed.getvalue(), "bicubic")) == 2


def test_a_path_has_its_row_and_its_warning(comparison: Comparison, printed: io.StringIO) -> None:
    print_path(comparison, ["a"], "unclear - tiny")
    assert rows_of(printed.getvalue(), "bicubic") == [["bicubic", "30.000"]]
    # Of the last row, a difference of two networks, nothing is said.
    assert "Set5: 1 network is below bicubic interpolation (30.000 dB): tiny by 0.500 dB" in (
        " ".join(printed.getvalue().split())
    )


def test_ssim_gives_way_where_the_table_is_too_wide(printed: io.StringIO) -> None:
    long = {"tiny": [29.0, 30.0], "a-variant-of-26-characters": [29.003, 30.001]}
    print_comparison(compare(against_bicubic(long), {}))
    head = next(line for line in printed.getvalue().splitlines() if "PSNR dB" in line)
    assert "SSIM" not in head
    assert "a-variant-of-26-characters" in printed.getvalue()


def in_a_terminal() -> str:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard")
    for verdict in SIGNS:
        console.print(verdict_text(verdict))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_verdicts_have_colours_and_signs_of_their_own() -> None:
    green, red, cyan, yellow, dim, *lesions = in_a_terminal().splitlines()
    assert "\x1b[32m▲ better" in green
    assert "\x1b[31m▼ worse" in red
    assert "\x1b[36m■ equivalent" in cyan
    assert "\x1b[33m● undecided" in yellow
    assert "\x1b[2m\u00d7 not testable" in dim
    assert ["\x1b[32m▲ better without" in line for line in lesions].count(True) == 1
    assert ["\x1b[31m▼ used" in line for line in lesions].count(True) == 1


def test_no_color_leaves_sign_and_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = in_a_terminal()
    assert not any(f"\x1b[{colour}m" in text for colour in range(30, 38))
    assert "▲ better" in text


def test_files_and_pipes_get_no_codes(comparison: Comparison, printed: io.StringIO) -> None:
    print_comparison(comparison)
    assert "\x1b" not in printed.getvalue()
