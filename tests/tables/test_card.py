"""The data card: what is in a table, and what it does not show, with its numbers."""

import math
import re
from dataclasses import replace

import pytest

from tests.builders.docs import ROOT
from tests.builders.tables import small_table
from workbench.results import TrialState
from workbench.tables.card import card
from workbench.tables.columns import CURVES, SCORES, TRIALS, mean_columns
from workbench.tables.limits import limit_lines, score_spreads
from workbench.tables.optional import OPTIONAL_FILES


def test_the_card_says_what_how_and_where() -> None:
    table = replace(
        small_table(),
        images={"benchmark Set5": "beefbeefbeefbeefbeef"},
        licence="CC0 | own photographs",
    )
    text = card(table)
    assert "3 networks for super-resolution x4, trained from 2 seeds (1, 2): 6 trials" in text
    assert "From the study bench." in text
    assert "| benchmark | Set5 | bicubic | beefbeefbeefbeef |" not in text  # not evaluated on it
    assert "| benchmark | embedded | bicubic | not known |" in text
    assert r"CC0 \| own photographs" in text
    assert "a CPU; Python 3.11" in text
    assert "from 1970-01-01 to 1970-01-01" in text
    for column in (*TRIALS, *CURVES, *SCORES):
        assert f"\n| {column.name} | " in text.replace("\\_", "_")
    assert "Licence of the images, as stated by the author of the table: not stated" in card(
        small_table()
    )


def test_the_card_counts_what_diverged() -> None:
    table = small_table()
    gone = {"state": TrialState.DIVERGED, "scores": (), "curve": (), "validation_images": ()}
    last = table.results[-1].model_copy(update=gone)
    text = card(replace(table, results=(*table.results[:-1], last)))
    assert "1 trial diverged and has no scores." in text


def test_limits_are_those_of_the_table() -> None:
    lines = " ".join(limit_lines(small_table()))
    assert "Networks were trained for 400 steps" in lines
    assert "Learning curves rest on 5 validation images" in lines
    assert "Each network has 2 seeds." in lines
    one_seed = " ".join(limit_lines(small_table(seeds=(1,))))
    assert "With one seed, nothing says how much of a difference is luck" in one_seed


def test_spreads_are_those_of_networks_and_of_seeds() -> None:
    # Networks are 0.1 dB apart; the builder raises each seed by 0.1 dB.
    between, within = score_spreads(small_table(3, seeds=(1, 2)))
    assert between == pytest.approx(0.1)
    assert within == pytest.approx(0.1 / math.sqrt(2))
    assert score_spreads(small_table(1, seeds=(1,))) == (None, None)


def test_the_document_names_every_column() -> None:
    text = (ROOT / "docs" / "tables.md").read_text()
    parts = {
        "trials": (*TRIALS, *mean_columns(("Set5",))[:5]),
        "curves": CURVES,
        "scores": SCORES,
        **{one.field: one.columns for one in OPTIONAL_FILES},
    }
    for name, columns in parts.items():
        (part,) = re.findall(rf"^\*\*{name}\*\*: (.*?)\n\n", text, re.DOTALL | re.MULTILINE)
        for column in columns:
            assert f"`{column.name}`" in part, (name, column.name)
