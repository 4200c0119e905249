"""`workbench export-model`: which network, which file, and what is refused."""

from pathlib import Path

import pytest
import torch

from tests.cli.conftest import Command
from workbench.models.checkpoints import load_model

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*` is deprecated")


def same(path: Path, weights: Path) -> bool:
    """Tell whether a TorchScript file gives the output of a weights file."""
    image = torch.rand(1, 3, 25, 32)
    with torch.inference_mode():
        return torch.equal(torch.jit.load(path)(image), load_model(weights)(image))


def test_weights_become_a_file_called_as_they_are(
    tiny_weights: Path, tmp_path: Path, command: Command
) -> None:
    argv = ("export-model", str(tiny_weights), "--format", "torchscript")
    ended = command(*argv)
    assert (ended.code, ended.out[:9]) == (0, "tiny.pt: ")
    assert "any batch, height and width; at four sizes at most 0 from PyTorch" in ended.err
    assert same(tmp_path / "tiny.pt", tiny_weights)
    again = command(*argv)
    assert (again.code, again.out) == (2, "")
    assert "tiny.pt: is there already; choose another --out or add --overwrite" in again.err
    assert command(*argv, "--overwrite").code == 0


def test_a_finished_trial_is_exported_with_its_key(
    finished: Path, tmp_path: Path, command: Command
) -> None:
    argv = ["export-model", "--study", "mine", "--format", "torchscript", "--json"]
    assert "mine: name one network with --variant; valid: no-lvar, tiny" in command(*argv).err
    argv += ["--variant", "no-lvar"]
    assert "name one trial with --seed; valid: 1, 2" in command(*argv).err
    exported = command(*argv, "--seed", "2").json()
    assert exported["path"] == "mine-no-lvar-seed2.pt"
    (trial,) = command("weights", "mine", "--variant", "no-lvar", "--seed", "2", "--json").json()
    assert exported["metadata"]["key"] == trial["key"]
    assert exported["metadata"]["weights_hash"] == trial["weights_hash"]
    assert same(tmp_path / exported["path"], Path(trial["weights"]))


def test_a_variant_of_a_preset_is_said_to_be_untrained(tmp_path: Path, command: Command) -> None:
    ended = command(
        *("export-model", "--preset", "tiny", "--variant", "no-lvar"), "--format", "torchscript"
    )
    assert (ended.code, ended.out[:17]) == (0, "tiny+no-lvar.pt: ")
    assert "tiny+no-lvar: untrained weights, for costs and times only" in ended.err


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ((), "name one network: FILE, --preset or --study, got none of them"),
        (("x.pth", "--preset", "tiny"), "got FILE and --preset"),
        (("x.pth", "--variant", "no-lvar"), "--variant needs --preset or --study"),
        (("--preset", "tinny"), "unknown preset 'tinny'; did you mean 'tiny'?"),
        (("--preset", "tiny", "--variant", "all"), "--variant must be one variant, got 'all'"),
        (("--preset", "tiny", "--out", "."), "--out must be a file, got the folder ."),
        (
            ("--preset", "tiny", "--format", "torchscript", "--precision", "fp16"),
            "--precision fp16 is for --format onnx only",
        ),
    ],
)
def test_options_that_name_no_export_are_refused(
    argv: tuple[str, ...], reason: str, command: Command, tmp_path: Path
) -> None:
    ended = command("export-model", *argv)
    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err
    assert not list(tmp_path.iterdir())
