"""`workbench report --over-training`: differences of validation PSNR, step by step."""

import csv
import io
from pathlib import Path

import pytest

import workbench as wb
from tests.builders.curves import declare, nothing, study
from tests.cli.conftest import Command


def falling(step: int) -> float:
    return -step / 4_000


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a store, where commands look for it, with a study of two variants."""
    folder = tmp_path / "mlflow_runs"
    declare(folder, "demo", study({"falls": falling, "stays": nothing})[1], "Does it last?")
    return folder


def test_the_table_has_each_step_and_says_what_still_moves(command: Command, store: Path) -> None:
    ended = command("report", "demo", "--over-training")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "question: Does it last?"
    assert lines[1] == "falls against base: 4 seeds, validation: 5 images"
    assert [line.split()[0] for line in lines[3:15]] == [
        *("100", "200", "300", "400", "500", "600", "700", "800", "900"),
        *("1,000", "1,100", "1,200"),
    ]
    assert lines[15].startswith("still moving: -0.1")
    assert "settled: " in ended.out
    assert "not adjusted for the number of steps or comparisons" in ended.err
    whole = command("report", "demo")
    assert "still moving: falls; settled: stays" in whole.err


def test_every_format_has_the_same_numbers(command: Command, store: Path, tmp_path: Path) -> None:
    plain = command("report", "demo", "--over-training", "--format", "json").json()
    falls, stays = plain["over_training"]
    assert (plain["study"], plain["adjusted"]) == ("demo", False)
    assert (falls["trend"], stays["trend"]) == ("still moving", "settled")
    assert falls["late_change"]["p_equivalence"] > 0.05
    printed = command("report", "demo", "--over-training", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(printed)))
    first = [row for row in rows if row["variant"] == "falls"]
    for row, point in zip(first, falls["points"], strict=True):
        assert int(row["step"]) == point["step"]
        assert float(row["delta_psnr_rgb_db"]) == point["delta_psnr_rgb_db"]
        assert float(row["high_db"]) == point["high_db"]
    assert "<svg" in command("report", "demo", "--over-training", "--format", "svg").out
    argv = ("report", "demo", "--over-training", "--out")
    assert command(*argv, "x.png", "--format", "png").code == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert command(*argv, "x.parquet", "--format", "parquet").code == 0
    assert (tmp_path / "x.parquet").read_bytes().startswith(b"PAR1")


@pytest.mark.parametrize(
    ("form", "hint"), [("latex", ""), ("html", "; the page of --format html has them already")]
)
def test_other_formats_are_refused(command: Command, store: Path, form: str, hint: str) -> None:
    ended = command("report", "demo", "--over-training", "--format", form)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"error: differences over training cannot be written as '{form}'; "
        f"valid: table, csv, parquet, json, svg, png{hint}\n"
    )


def test_a_study_without_curves_is_refused(command: Command, tmp_path: Path) -> None:
    _, results = study({"stays": nothing})
    bare = {
        name: [one.model_copy(update={"curve": ()}) for one in trials]
        for name, trials in results.items()
    }
    declare(tmp_path / "mlflow_runs", "bare", bare)
    ended = command("report", "bare", "--over-training")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "study 'bare' has no difference over training" in ended.err


def test_python_has_a_row_for_each_comparison_and_step(store: Path) -> None:
    frame = wb.study("demo", store).over_training()
    assert len(frame) == 24
    assert dict(zip(frame["variant"], frame["trend"], strict=True)) == {
        "falls": "still moving",
        "stays": "settled",
    }
    last = frame[frame["variant"] == "falls"].iloc[-1]
    assert last["low_db"] < last["delta_psnr_rgb_db"] < last["high_db"] < 0


def test_python_has_the_scores_of_each_validation_image(store: Path) -> None:
    found = wb.study("demo", store)
    images = found.validation_scores()
    assert len(images) == 3 * 4 * 12 * 5
    means = images.groupby(["variant", "seed", "step"], sort=False)["psnr_rgb_db"].mean()
    assert means.tolist() == pytest.approx(found.curves()["psnr_rgb_db"].tolist(), abs=1e-6)
