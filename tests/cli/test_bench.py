"""`workbench bench`: tables, JSON, the figure, and one line for what cannot be timed."""

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Command

SMALL = ["--batch", "1", "--patch", "60", "--size", "16x15", "--rounds", "1"]


@pytest.fixture(autouse=True)
def bandwidth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the memory a bandwidth of 2 GB/s."""
    monkeypatch.setattr("workbench.experiments.bench.copy_bandwidth", lambda *_: 2e9)


def test_networks_stand_side_by_side_with_a_figure(
    command: Command, tiny_weights: Path, tmp_path: Path
) -> None:
    argv = ["bench", "--preset", "tiny", "--weights", str(tiny_weights), *SMALL]
    ended = command(*argv, "--figure", "times.png")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "Training step, batch 1, HR patches of 60 px"
    columns = ["network", "form", "ms", "quartiles", "images/s", "MiB", "roofline", "ms", "ratio"]
    assert lines[1].split() == columns
    assert [line.split()[:2] for line in lines[2:4]] == [
        *(["tiny", "eager"], ["tiny.safetensors", "eager"]),
    ]
    assert lines[5] == "Inference, one image of 16x15 LR px"
    assert lines[3].endswith(" 1.00")
    notes = ended.err.splitlines()
    assert notes[0].startswith("CPU time of this process, median of 1 round on cpu with 1 thread")
    assert "fp32, eager kernels: " in notes[0]
    assert notes[1].endswith("; ms a network and step")
    assert notes[2].startswith("MiB: most memory of this process beyond that before")
    assert notes[3] == "ratio: to tiny.safetensors, median of those of each round"
    assert notes[4].endswith("at the measured copy bandwidth of 2 GB/s")
    with Image.open(tmp_path / "times.png") as image:
        assert image.format == "PNG"


def test_one_kind_of_work_as_json_with_a_network_of_ones_own(command: Command) -> None:
    argv = ["bench", "--preset", "tiny", "--arch", "tests.foreign_networks:Plain", *SMALL]
    found = command(*argv, "--only", "inference", "--json").json()
    assert found["training"] is None
    assert [row["network"] for row in found["rows"]] == ["tiny", "Plain"]
    assert found["rows"][0]["ratio_to"]["network"] == "Plain"
    assert found["copy_bytes_per_s"] == 2e9


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--preset", "mdrn-x"], "unknown preset 'mdrn-x'; did you mean 'mdrn"),
        (["--batch", "0"], "error: Invalid value for '--batch': "),
        (
            ["--patch", "40"],
            "--patch: mdrn-s needs HR patches of at least 60 px (15 LR px), got 40",
        ),
        (["--size", "14x40"], "--size: mdrn-s: the input is 14 x 40 px; this network needs at lea"),
        (["--size", "64"], "--size must be WIDTHxHEIGHT in px, such as 256x256, got '64'"),
        (["--device", "cuda:99"], "got 'cuda:99'"),
        (["--weights", "damaged.pth"], "damaged.pth: "),
        (["--figure", "times.svg"], "--figure must end in .png, got 'times.svg'"),
        (["--arch-args", "{}"], "--arch-args needs --arch: "),
    ],
)
def test_what_cannot_be_timed_is_one_line(
    command: Command, tmp_path: Path, argv: list[str], line: str
) -> None:
    (tmp_path / "damaged.pth").write_bytes(b"no weights")
    ended = command("bench", *argv)
    assert (ended.code, ended.out) == (2, "")
    said = ended.err.splitlines()[-1]
    assert line in said
    assert "Traceback" not in ended.err
