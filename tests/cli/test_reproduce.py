"""`workbench reproduce table1`: cells that agree, and files that are missing."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from workbench.analysis.table1 import DATASETS, TABLE1


def asked(reference: Path, benchmarks: Path) -> list[str]:
    return ["table1", "--reference", str(reference), "--benchmarks", str(benchmarks)]


@pytest.fixture
def set5(reference: Path, tmp_path: Path) -> Path:
    """Return a folder of benchmarks that holds Set5 alone."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "Set5").symlink_to(reference / "benchmarks" / "Set5")
    return folder


@pytest.mark.reference
def test_set5_and_costs_of_every_network_are_the_printed_ones(
    command: Command, reference: Path, set5: Path
) -> None:
    rows = command("reproduce", *asked(reference, set5), "--json").json()
    assert [row["team"] for row in rows] == ["NEESR", "NJUST_ESR", "Xpixel", "TelunXupt"]
    differing = {
        (row["team"], cell["quantity"]) for row in rows for cell in row["cells"] if not cell["same"]
    }
    # The factsheet prints what the challenge's counter gives, and for XPixel a figure by hand.
    assert differing == {
        ("NEESR", "multiply_adds_g"),
        ("NJUST_ESR", "multiply_adds_g"),
        ("Xpixel", "multiply_adds_g"),
        ("Xpixel", "challenge_flops_g"),
    }
    for row in rows:
        assert [cell["dataset"] for cell in row["cells"]] == [None, None, None, "Set5", "Set5"]
        assert row["missing"] == [str(set5 / name) for name in DATASETS if name != "Set5"]


@pytest.mark.reference
def test_a_row_without_weights_names_the_file(
    command: Command, reference: Path, set5: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "some"
    weights.mkdir()
    (weights / "mdrn-s.pth").symlink_to(reference / "weights" / "mdrn-s.pth")
    ended = command("reproduce", *asked(weights, set5))
    assert ended.code == 0
    assert "29.95 / 0.8596          missing" in ended.out
    # The fourth decimal of the PSNR depends on the processor.
    row = r"30\.15 / 0\.8617 30\.150\d / 0\.8617 +\+0\.000\d / 0\.0000 +yes"
    assert re.search(row, ended.out)
    assert f"missing: {weights / 'team05_efdn.pt'}" in ended.err
    assert f"missing: {set5 / 'Manga109'}" in ended.err
    assert max(map(len, ended.out.splitlines())) <= 80


def test_what_cannot_be_computed_at_all_is_an_error(command: Command, tmp_path: Path) -> None:
    ended = command("reproduce", *asked(tmp_path, tmp_path))
    assert ended.code == 2
    missing = tmp_path / TABLE1[0].weights
    assert ended.err.startswith(
        f"error: nothing of the table can be computed: {missing} is missing;"
    )
    assert "team05_efdn.pt at https://github.com/ofsoundof/NTIRE2022_ESR (MIT licence)" in ended.err


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: "table2"}, "'table2' is not one of 'table1'"),
        ({2: "nowhere"}, "--reference: nowhere is no folder"),
        ({4: "nowhere"}, "--benchmarks: nowhere is no folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    command: Command, tmp_path: Path, change: dict[int, str], reason: str
) -> None:
    argv: list[Any] = asked(tmp_path, tmp_path)
    for index, value in change.items():
        argv[index] = value
    ended = command("reproduce", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err


def test_all_bad_benchmark_images_are_named_before_anything_is_scored(
    command: Command, photos: Path, tmp_path: Path
) -> None:
    for name in ("Set5", "Set14"):
        shutil.copytree(photos, tmp_path / name)
        for number in range(2):
            (tmp_path / name / f"photo{number}.png").write_bytes(b"no image")
    ended = command("reproduce", *asked(tmp_path, tmp_path))
    assert (ended.code, ended.out) == (2, "")
    bad = "photo0.png: not a PNG, JPEG, WebP, BMP or TIFF image; photo1.png: not a PNG"
    assert f"error: {tmp_path}/Set5: {bad}" in ended.err
    assert f"; {tmp_path}/Set14: {bad}" in ended.err
