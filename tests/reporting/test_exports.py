"""A comparison as CSV, Markdown and LaTeX."""

import csv
import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest

from tests.builders.baselines import against_bicubic
from tests.builders.comparisons import BASE, BETTER, UNCLEAR, diverged
from workbench.analysis.comparison import Comparison, compare
from workbench.reporting.exports import Format, export


@pytest.fixture
def comparison() -> Comparison:
    arms = {"tiny": BASE, "up_&_50%": BETTER, "same": UNCLEAR, "gone": [diverged("nan", 1)]}
    return compare(arms, {})


def text_of(comparison: Comparison, form: Format) -> str:
    return export(comparison, form).decode()


def test_parquet_is_the_same_table_with_types(comparison: Comparison) -> None:
    frame = pd.read_parquet(io.BytesIO(export(comparison, "parquet"))).set_index("variant")
    assert frame.loc["up_&_50%", "delta_psnr_rgb_db_mean"] == 0.5
    assert frame.loc["tiny", "parameters"] == 5_525
    assert frame["seeds"].dtype == "Int64"


def test_csv_has_a_line_for_each_arm_with_scores(comparison: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(text_of(comparison, "csv"))))
    assert [row["variant"] for row in rows] == ["tiny", "up_&_50%", "same"]
    frame = pd.read_csv(io.StringIO(text_of(comparison, "csv"))).set_index("variant")
    assert frame.loc["up_&_50%", "delta_psnr_rgb_db_mean"] == 0.5
    assert frame.loc["up_&_50%", "delta_psnr_rgb_db_verdict"] == "better"
    assert frame.loc["tiny", "psnr_rgb_db"] == 33.0
    assert frame["delta_psnr_rgb_db_mean"].isna().tolist() == [True, False, False]
    assert set(frame["protocol"]) == {"x4, uint8, crop 4, LR bicubic"}


def test_markdown_is_a_table_with_what_it_means(comparison: Comparison) -> None:
    lines = text_of(comparison, "markdown").splitlines()
    assert lines[0] == "**Set5** (x4, uint8, crop 4, LR bicubic)"
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    assert r"| up_&\_50% | 3 | 5,525 | 0.3200 | 33.500 ± 1.000 | 0.8000 |" in lines[5]
    assert "error rate 0.05 for all verdicts (3 comparisons)" in lines[-1]


def test_latex_is_a_booktabs_table_with_nothing_special_left(comparison: Comparison) -> None:
    text = text_of(comparison, "latex")
    for command in (r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}", r"\end{table}"):
        assert text.count(command) == 1
    assert r"up\_\&\_50\%" in text
    assert r"33.500 $\pm$ 1.000" in text
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(body) == 4
    assert {line.replace(r"\&", "").count("&") for line in body} == {8}
    assert text.count("{") == text.count("}")
    assert text.isascii()


def test_bicubic_is_a_row_of_every_format_and_a_warning_where_it_can_be_read() -> None:
    below = compare(against_bicubic({"tiny": [29.0, 30.0], "up": [30.5, 31.5]}), {})
    rows = list(csv.DictReader(io.StringIO(text_of(below, "csv"))))
    assert [(row["kind"], row["variant"]) for row in rows][2] == ("baseline", "bicubic")
    assert (rows[2]["psnr_rgb_db"], rows[2]["psnr_y_db"]) == ("30.0", "31.0")
    assert (rows[2]["parameters"], rows[2]["delta_psnr_rgb_db_verdict"]) == ("0", "")
    frame = pd.read_parquet(io.BytesIO(export(below, "parquet"))).set_index("variant")
    assert frame.loc["bicubic", "ssim_rgb"] == 0.7
    forms: list[tuple[Format, str]] = [
        ("markdown", "| bicubic |  | - | - | 30.000 | 0.7000 |  |  |  |"),
        ("latex", r"bicubic &  & - & - & 30.000 & 0.7000 &  &  &  \\"),
    ]
    for form, row in forms:
        text = text_of(below, form)
        assert text.count(row) == 1
        assert "Set5: 1 network is below bicubic interpolation (30.000 dB): tiny" in text


def test_a_small_p_is_not_printed_as_zero() -> None:
    clear = compare({"tiny": BASE, "up": BETTER}, {})
    found = clear.judged("Set5")[0].difference.decision.p_holm
    assert found is not None
    assert found < 0.001
    assert "| <.001 | better |" in text_of(clear, "markdown")
    assert "& $<$.001 & better" in text_of(clear, "latex")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex (TeX Live)")
def test_latex_compiles_and_fits_on_the_page(comparison: Comparison, tmp_path: Path) -> None:
    page = r"\documentclass[a4paper]{article}\usepackage[margin=2cm]{geometry}\usepackage{booktabs}"
    body = text_of(comparison, "latex")
    (tmp_path / "t.tex").write_text(page + r"\begin{document}" + body + r"\end{document}")
    argv = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    run = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-800:]
    assert "Overfull" not in run.stdout
    assert (tmp_path / "t.pdf").stat().st_size > 1_000


QUESTION = "Is 50 % more width | depth worth it?"


@pytest.mark.parametrize(
    ("form", "line"),
    [("markdown", r"**Is 50 % more width \| depth worth it?**"), ("latex", r"Is 50 \% more width")],
)
def test_texts_begin_with_the_question(comparison: Comparison, form: Format, line: str) -> None:
    found = text_of(replace(comparison, question=QUESTION), form)
    assert line in found
    assert found.index(line) < found.index("Set5")
    assert line not in text_of(comparison, form)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_hold_the_question_in_their_last_column(
    comparison: Comparison, form: Literal["csv", "parquet"]
) -> None:
    content = io.BytesIO(export(replace(comparison, question=QUESTION), form))
    frame = pd.read_csv(content) if form == "csv" else pd.read_parquet(content)
    assert frame.columns[-1] == "question"
    assert set(frame["question"]) == {QUESTION}
