"""`workbench export-model --format ntire`: the folder of a challenge entry."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.builders.exports import built, small_config
from tests.cli.conftest import Command
from workbench.errors import ExportError
from workbench.experiments.model_sources import ModelSource
from workbench.experiments.ntire_folder import NtireEntry, export_ntire
from workbench.system.events import Note


@pytest.fixture
def lr(tmp_path: Path) -> Path:
    """Return a folder with two LR images; the second one is below the network's smallest input."""
    folder = tmp_path / "lr"
    folder.mkdir()
    values = np.random.default_rng(1).integers(0, 256, (24, 31, 3), dtype=np.uint8)
    Image.fromarray(values).save(folder / "0801x4.png")
    Image.fromarray(values[:9]).save(folder / "0802.png")
    return folder


def test_the_folder_holds_what_the_challenge_asks_for(
    tiny_weights: Path, lr: Path, tmp_path: Path, command: Command
) -> None:
    argv = ("export-model", str(tiny_weights), "--format", "ntire", "--team", "7", "--name", "A-1")
    ended = command(*argv, "--lr", str(lr), "--extra-data")
    assert ended.code == 0, ended.err
    assert ended.out == "team07_A_1-ntire: A_1, 2 result images\n"
    assert "the output of the model file is that of the network to the bit" in ended.err
    folder = tmp_path / "team07_A_1-ntire"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    results = {"results/0801.png", "results/0802.png", "results/readme.txt"}
    assert found == results | {"README.md", "models/team07_A_1.py", "model_zoo/team07_A_1.pth"}
    lines = (folder / "results" / "readme.txt").read_text().splitlines()
    assert float(lines[0].removeprefix("runtime per image [s] : ")) > 0
    assert lines[1:3] == ["CPU[1] / GPU[0] : 1", "Extra Data [1] / No Extra Data [0] : 1"]
    assert lines[3].startswith("Other description : MDRN family x4 in PyTorch ")
    readme = (folder / "README.md").read_text()
    assert "| FLOPs, LR image of 256 x 256 px, as fvcore counts them | 0.40 G |" in readme
    assert "        from models.team07_A_1 import A_1\n" in readme
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse((folder / "models" / "team07_A_1.py").read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported == {"torch", "torch.nn", "functools"}
    command("upscale", str(lr), "upscaled", "--weights", str(tiny_weights))
    for name, result in (("0801x4", "0801"), ("0802", "0802")):
        upscaled = np.asarray(Image.open(tmp_path / "upscaled" / f"{name}.png"))
        written = np.asarray(Image.open(folder / "results" / f"{result}.png"))
        assert np.array_equal(written, upscaled)
    again = command(*argv)
    assert (again.code, again.out) == (2, "")
    assert "--out must be a folder, absent or empty, and " in again.err


def test_an_entry_is_called_as_the_field_calls_its_network(tmp_path: Path) -> None:
    network = replace(built(small_config("imdn", scale=2)), origin="MDRN-S")
    events: list[object] = []
    source = ModelSource(network, "weights", is_trained=False)
    entry = export_ntire(source, tmp_path / "entry", NtireEntry(), events.append)
    assert (entry.name, entry.images, entry.runtime_s) == ("MDRN_S", 0, None)
    assert not (entry.path / "results").exists()
    readme = (entry.path / "README.md").read_text()
    assert readme.startswith("# team00_MDRN_S: MDRN-S x2\n")
    assert "## Results" not in readme
    notes = [event.text for event in events if isinstance(event, Note)]
    assert notes[1] == "the challenge is x4, this network is x2"


def test_a_network_that_is_too_large_for_the_counts_is_refused(tmp_path: Path) -> None:
    source = ModelSource(replace(built(small_config("imdn")), smallest_lr_px=300), "weights")
    with pytest.raises(ExportError, match=r"counts at 256 x 256 LR px; small needs .* 300 x 300"):
        export_ntire(source, tmp_path / "entry", NtireEntry())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (("--overwrite",), "--overwrite is for --format onnx and torchscript, got --format ntire"),
        (("--precision", "fp16"), "--precision fp16 is for --format onnx and torchscript"),
        (("--lr", "nowhere"), "--lr must be a folder of LR images, got nowhere"),
        (("--name", "--"), "--name must hold letters, got '--'"),
    ],
)
def test_options_that_name_no_entry_are_refused(
    argv: tuple[str, ...], reason: str, command: Command, tmp_path: Path
) -> None:
    ended = command("export-model", "--preset", "tiny", "--format", "ntire", *argv)
    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err
    assert not list(tmp_path.iterdir())


def test_options_of_an_entry_are_refused_elsewhere(command: Command) -> None:
    ended = command("export-model", "--preset", "tiny", "--team", "7")
    assert "--team is for --format ntire, got --format onnx" in ended.err
