"""Figures for print say where bicubic is, and it does not squash them."""

import re

import pytest

from tests.builders.baselines import against_bicubic
from tests.builders.comparisons import BASE, BETTER
from workbench.analysis.comparison import compare
from workbench.reporting.prints import effects

ARMS = {"tiny": [29.0, 30.0], "worse": [28.0, 29.1], "up": [29.1, 30.3]}


def texts(svg: bytes) -> list[str]:
    return re.findall(r">([^<>\n]+)</text>", svg.decode())


@pytest.mark.parametrize(
    ("psnr_db", "line", "title"),
    [
        (29.6, True, "bicubic: +0.100 dB against tiny; 2 of 3 networks are below it"),
        (26.0, False, "bicubic: -3.500 dB against tiny"),
        (39.6, False, "bicubic: +10.100 dB against tiny; 3 of 3 networks are below it"),
    ],
)
def test_the_differences_have_a_line_at_bicubic_if_it_lies_among_them(
    psnr_db: float, line: bool, title: str
) -> None:
    found = texts(effects(compare(against_bicubic(ARMS, psnr_db), {}), "svg"))
    assert title in found
    assert ("bicubic" in found) == line


def test_without_its_scores_nothing_is_said() -> None:
    found = texts(effects(compare({"tiny": BASE, "up": BETTER}, {}), "svg"))
    assert not any("bicubic" in text for text in found)


def test_the_question_stands_above_the_panels() -> None:
    asked = compare({"tiny": BASE, "up": BETTER}, {}, question="Is $5 of width worth it?")
    assert "Is $5 of width worth it?" in texts(effects(asked, "svg"))
