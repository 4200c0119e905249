"""`workbench inspect --challenge`, `--arch`, and the counters side by side."""

import re

import pytest

from tests.cli.conftest import Command, Ended
from workbench.analysis.challenge import RULES, challenge_score

PLAIN = "tests.foreign_networks:Plain"


def printed(ended: Ended) -> str:
    """Return what a command that succeeded printed, with single spaces."""
    assert ended.code == 0, ended
    return re.sub(" +", " ", ended.out)


QUICK = ("--rounds", "1", "--time-size", "16x24")


def test_every_kind_of_network_is_scored_beside_the_baseline(
    command: Command, tiny_weights: str
) -> None:
    kinds = ("--preset", "tiny", "--weights", str(tiny_weights), "--arch", PLAIN)
    ended = command("inspect", *kinds, "--challenge", "2026", *QUICK, "--json")
    rows = ended.json()
    assert [row["name"] for row in rows] == ["tiny", "tiny.safetensors", "Plain", "SPAN"]
    assert f"foreign code: {PLAIN} is imported and run" in ended.err
    for row in rows:
        entry = row["challenge"]
        assert (entry["flops"], entry["parameters"]) == (row["fvcore_flops"], row["parameters"])
        score = challenge_score(
            RULES[2026],
            runtime_ratio=row["cpu_ratio_to"]["median"],
            flops=row["fvcore_flops"],
            parameters=row["parameters"],
        )
        assert entry["score"] == score.total
        assert entry["measured"]["lr_size"] == "16x24"
    assert rows[2]["fvcore_flops"] == 256 * 256 * 9 * (3 * 8 + 8 * 48)


def test_the_table_says_what_is_measured_and_what_is_quoted(command: Command) -> None:
    ended = command("inspect", "--preset", "tiny", "--challenge", "2026", *QUICK)
    table = printed(ended)
    assert re.search(r"^score [\d.]+ 7\.387$", table, re.MULTILINE)
    assert re.search(r"^0\.8 x runtime [\d.]+ 5\.911$", table, re.MULTILINE)
    assert re.search(r"^ratio to SPAN [\d.]+ 1\.00$", table, re.MULTILINE)
    said = " ".join(ended.err.split())
    assert "measured here: the runtime of an image of 16x24 LR px on cpu (" in said
    assert "), against a SPAN of the workbench's own in the same rounds" in said
    assert "quoted from https://github.com/Amazingren/NTIRE2026_ESR: the formula, and" in said
    assert "not checked: the PSNR of 26.90 and 26.99 dB" in said


def test_flops_count_at_256_px_whatever_the_table_counts_at(command: Command) -> None:
    asked = ("--preset", "tiny", "--lr-size", "32x32", "--challenge", "2026", *QUICK)
    tiny, _ = command("inspect", *asked, "--json").json()
    assert tiny["challenge"]["flops"] == 398_528_752 > tiny["fvcore_flops"]


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--challenge", "2026", "--rounds", "0"], "--challenge needs runtimes: --rounds must be"),
        (
            ["--challenge", "2025"],
            "Invalid value for '--challenge': '2025' is not one of '2026'",
        ),
        (["--challenge", "2026", "--set", "model.scale=2"], "tiny: NTIRE 2026 is for x4, this"),
        (["--arch-args", "{}"], "--arch-args needs --arch: "),
        (["--device", "cuda:99"], "got 'cuda:99'"),
    ],
)
def test_what_cannot_be_scored_is_one_line(command: Command, argv: list[str], line: str) -> None:
    ended = command("inspect", "--preset", "tiny", *argv)
    assert (ended.code, ended.out) == (2, "")
    assert line in ended.err


def test_each_counter_says_what_it_leaves_out(command: Command) -> None:
    ended = command("inspect", "--preset", "tiny", "--rounds", "0", "--lr-size", "64x64")
    assert re.search(r"^FLOPs fvcore G [\d.]+$", printed(ended), re.MULTILINE)
    said = " ".join(ended.err.split())
    assert "multiply-adds: all convolutions and matrix products, nothing else" in said
    assert "which leaves out most matrix products and adds ReLUs" in said
    assert "leaves out activations and most pooling and adds interpolation" in said


def test_inputs_that_fvcore_would_have_to_run_too_long_are_left_out(command: Command) -> None:
    ended = command("inspect", "--preset", "tiny", "--rounds", "0", "--lr-size", "513x512")
    assert "fvcore G" not in printed(ended)
    assert "fvcore counts up to 512x512 LR px" in " ".join(ended.err.split())


def test_a_network_that_fvcore_cannot_trace_is_said(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.errors import ForeignCodeError

    def refuse(*_: object) -> int:
        raise ForeignCodeError("no trace of it")

    monkeypatch.setattr("workbench.experiments.inspection.fvcore_flops", refuse)
    ended = command("inspect", "--arch", PLAIN, "--rounds", "0")
    assert ended.code == 0
    assert "Plain: its FLOPs cannot be counted by fvcore (no trace of it)" in ended.err
    assert "fvcore G" not in printed(ended)


@pytest.mark.gpu
def test_on_cuda_wall_clock_times_stand_beside_the_baselines(command: Command) -> None:
    asked = ("--preset", "tiny", "--challenge", "2026", "--device", "cuda:0", *QUICK)
    tiny, span = command("inspect", *asked, "--json").json()
    assert tiny["challenge"]["measured"]["device"] == "cuda"
    assert tiny["cuda_ms"]["median"] > 0 < span["cuda_ms"]["median"]
    assert tiny["cuda_ratio_to"]["network"] == "SPAN"
    table = printed(command("inspect", *asked))
    assert re.search(r"^CUDA ms median [\d.]+ [\d.]+$", table, re.MULTILINE)
