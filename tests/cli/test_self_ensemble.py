"""`--self-ensemble`, and images below the least size, in `evaluate` and `upscale`."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import workbench as wb
from tests.cli.conftest import Command

ENSEMBLE = "x4, uint8, crop 4, LR bicubic, self-ensemble x8"


@pytest.fixture
def small(photos: Path, tmp_path: Path) -> Path:
    """Return a folder of one image of the least size of the network, and two below it."""
    folder = tmp_path / "small"
    folder.mkdir()
    with Image.open(photos / "photo0.png") as image:
        for name, width, height in (("a", 60, 64), ("b", 64, 56), ("c", 24, 20)):
            image.crop((0, 0, width, height)).save(folder / f"{name}.png")
    return folder


def test_scores_of_a_self_ensemble_have_a_protocol_of_their_own(
    command: Command, tiny_weights: Path, small: Path, tmp_path: Path
) -> None:
    argv = ["evaluate", "--weights", str(tiny_weights), "--data", f"Small={small}"]
    once, eight = (command(*argv, *more, "--json") for more in ([], ["--self-ensemble"]))
    (plain,), (ensemble,) = once.json()["networks"], eight.json()["networks"]
    assert "self_ensemble" not in plain["record"]["scores"][0]["protocol"]
    scores = ensemble["record"]["scores"][0]
    assert scores["protocol"]["self_ensemble"] is True
    assert scores["images"] != plain["record"]["scores"][0]["images"]

    again = command(*argv, "--self-ensemble", "--json").json()["networks"][0]
    assert again["record"]["scores"] == ensemble["record"]["scores"]
    api = wb.evaluate(wb.load(tiny_weights), {"Small": small}, self_ensemble=True, progress=False)
    assert api.datasets[0].protocol.describe() == ENSEMBLE
    assert [image.plain() for image in api.datasets[0].images] == scores["images"]

    (tmp_path / "once.json").write_text(once.out)
    mixed = command(*argv, "--self-ensemble", "--against", "once.json")
    assert (mixed.code, mixed.out) == (2, "")
    assert "Small was scored by two protocols, which must not be compared" in mixed.err
    assert f"{ENSEMBLE} in tiny.safetensors" in mixed.err


def test_a_self_ensemble_is_told_with_the_table(
    command: Command, tiny_weights: Path, small: Path
) -> None:
    argv = ["evaluate", "--weights", str(tiny_weights), "--data", f"Small={small}"]
    ended = command(*argv, "--self-ensemble")
    assert ended.code == 0
    assert f"Small: {ENSEMBLE}" in " ".join(ended.err.split())


def test_small_images_are_padded_which_is_said_once(
    command: Command, tiny_weights: Path, small: Path, tmp_path: Path
) -> None:
    said = (
        "images below a network's least size are padded by reflection, and the output is cropped: "
        "2 of 3 for tiny.safetensors (15x15 LR px)"
    )
    scored = command("evaluate", "--weights", str(tiny_weights), "--data", f"Small={small}")
    assert scored.code == 0
    assert " ".join(scored.err.split()).count(said) == 1

    tiny = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10
    lr = tmp_path / "lr"
    lr.mkdir()
    Image.fromarray(tiny).save(lr / "tiny.png")
    ended = command("upscale", "lr", "out", "--weights", str(tiny_weights), "--self-ensemble")
    assert ended.code == 0
    assert said.replace("2 of 3", "1 of 1") in " ".join(ended.err.split())
    with Image.open(tmp_path / "out" / "tiny.png") as image:
        written = np.array(image)
    network = wb.load(tiny_weights)
    expected = wb.upscale(network, tiny, self_ensemble=True)
    assert isinstance(expected, np.ndarray)
    np.testing.assert_array_equal(written, expected)
    assert written.shape == (8, 12, 3)
    assert not np.array_equal(written, wb.upscale(network, tiny))
