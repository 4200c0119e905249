"""`workbench weights`: finished weights by study, variant and seed, checked and copied."""

from pathlib import Path

import pytest

from tests.builders.stores import STUDY, make_store
from tests.cli.conftest import Command
from tests.damage import flip
from workbench.models.checkpoints import load_model, weights_hash
from workbench.store.store import WEIGHTS


def test_weights_are_listed_and_copied(command: Command, finished: Path, tmp_path: Path) -> None:
    rows = command("weights", "mine", "--json").json()
    found = [(row["variant"], row["seed"]) for row in rows]
    assert sorted(found) == [(name, seed) for name in ("no-lvar", "tiny") for seed in (1, 2)]
    listed = command("weights", "mine", "--variant", "no-lvar").out.splitlines()
    assert [line.partition(": ")[0] for line in listed] == ["no-lvar seed 1", "no-lvar seed 2"]
    assert all(Path(line.partition(": ")[2]).name == WEIGHTS for line in listed)

    one = ("--variant", "no-lvar", "--seed", "2")
    for name in ("mine.safetensors", "mine.pth"):
        ended = command("weights", "mine", *one, "--out", name)
        assert (ended.code, ended.out) == (0, f"{name}: no-lvar seed 2\n"), ended.err
        (row,) = [row for row in rows if (row["variant"], row["seed"]) == ("no-lvar", 2)]
        copied = load_model(tmp_path / name)
        assert weights_hash(copied.state_dict()) == row["weights_hash"]
    again = command("weights", "mine", *one, "--out", "mine.safetensors")
    assert again.code == 0, again.err  # the same weights are no other file


def test_damaged_weights_are_made_again_or_refused(
    command: Command, finished: Path, tmp_path: Path
) -> None:
    one = ("weights", "mine", "--variant", "tiny", "--seed", "1")
    path = Path(command(*one).out.partition(": ")[2].strip())
    flip(path)
    # From the last checkpoint, bit for bit.
    ended = command(*one, "--out", "x.safetensors")
    assert ended.code == 0, ended.err
    assert f"{path}: damaged (" in ended.err
    path.unlink()
    for checkpoint in path.parent.glob("checkpoint*"):
        checkpoint.unlink()
    gone = command(*one, "--out", "y.safetensors")
    assert (gone.code, gone.out) == (2, "")
    assert str(path) in gone.err
    assert not (tmp_path / "y.safetensors").exists()


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["lvar studdy"], f"unknown study 'lvar studdy' in mlflow_runs; did you mean '{STUDY}'?"),
        ([STUDY, "--variant", "no-lva"], "has no variant 'no-lva'; did you mean 'no-lvar'?"),
        ([STUDY, "--seed", "7"], "has no seed 7; valid: 1, 2"),
        (
            [STUDY, "--variant", "no-lvar", "--seed", "2"],
            "no trial of no-lvar with seed 2 is finished; rerun the study's command",
        ),
        ([STUDY, "--out", "x.onnx"], "--out must end in .safetensors or .pth, got 'x.onnx'"),
        (
            [STUDY, "--out", "x.pth"],
            "--out needs one network, but there are tiny seed 1, tiny seed 2, no-lvar seed 1; "
            "add --variant",
        ),
        (
            [STUDY, "--variant", "tiny", "--out", "x.pth"],
            "--out needs one network, but there are tiny seed 1, tiny seed 2; add --seed",
        ),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_one_line(
    command: Command, tmp_path: Path, argv: list[str], reason: str
) -> None:
    make_store(tmp_path / "mlflow_runs")
    ended = command("weights", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err


def test_a_file_that_holds_something_else_is_kept(
    command: Command, finished: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    target = tmp_path / "kept.safetensors"
    target.write_bytes(tiny_weights.read_bytes())
    argv = ("weights", "mine", "--variant", "tiny", "--seed", "1", "--out", "kept.safetensors")
    refused = command(*argv)
    assert refused.code == 2
    assert "kept.safetensors: is there already and holds something else" in refused.err
    assert target.read_bytes() == tiny_weights.read_bytes()
    assert command(*argv, "--overwrite").code == 0
    assert target.read_bytes() != tiny_weights.read_bytes()
