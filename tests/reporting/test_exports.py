"""A comparison as CSV, Markdown and LaTeX."""

import csv
import io

import pandas as pd
import pytest

from tests.reporting.test_comparison import BASE, BETTER, UNCLEAR, diverged
from workbench.reporting.comparison import Comparison, compare
from workbench.reporting.exports import export


@pytest.fixture
def comparison() -> Comparison:
    arms = {"tiny": BASE, "up_&_50%": BETTER, "same": UNCLEAR, "gone": [diverged("nan", 1)]}
    return compare(arms, {})


def test_csv_has_a_line_for_each_arm_with_scores(comparison: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(export(comparison, "csv"))))
    assert [row["variant"] for row in rows] == ["tiny", "up_&_50%", "same"]
    frame = pd.read_csv(io.StringIO(export(comparison, "csv"))).set_index("variant")
    assert frame.loc["up_&_50%", "delta_psnr_rgb_db_mean"] == 0.5
    assert frame.loc["up_&_50%", "delta_psnr_rgb_db_verdict"] == "better"
    assert frame.loc["tiny", "psnr_rgb_db"] == 33.0
    assert frame["delta_psnr_rgb_db_mean"].isna().tolist() == [True, False, False]
    assert set(frame["protocol"]) == {"x4, uint8, crop 4, LR bicubic"}


def test_markdown_is_a_table_with_what_it_means(comparison: Comparison) -> None:
    lines = export(comparison, "markdown").splitlines()
    assert lines[0] == "**Set5** (x4, uint8, crop 4, LR bicubic)"
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    assert "| up_&_50% | 3 | 5,525 | 0.3200 | 33.500 ± 1.000 | 0.8000 |" in lines[5]
    assert "after Holm over 3 comparisons" in lines[-1]


def test_latex_is_a_booktabs_table_with_nothing_special_left(comparison: Comparison) -> None:
    text = export(comparison, "latex")
    for command in (r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}", r"\end{table}"):
        assert text.count(command) == 1
    assert r"up\_\&\_50\%" in text
    assert r"33.500 $\pm$ 1.000" in text
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(body) == 4
    assert {line.replace(r"\&", "").count("&") for line in body} == {8}
    assert text.count("{") == text.count("}")
    assert text.isascii()
