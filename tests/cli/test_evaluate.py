"""`workbench evaluate`: networks side by side, foreign code, saved scores, and their protocols."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command

PLAIN = "tests.foreign_networks:Plain"


@pytest.fixture
def data(photos: Path) -> list[str]:
    return ["--data", f"Photos={photos}"]


def saved(command: Command, weights: Path, argv: list[str], path: Path) -> None:
    """Write what `--json` prints into a file."""
    ended = command("evaluate", "--weights", str(weights), *argv, "--json")
    assert ended.code == 0, ended.err
    path.write_text(ended.out)


def test_a_foreign_network_stands_beside_ours(
    command: Command, tiny_weights: Path, data: list[str]
) -> None:
    ended = command(
        *("evaluate", "--arch", PLAIN, "--arch-args", '{"channels": 12}', "--input-range", "255"),
        *("--against", str(tiny_weights), *data, "--per-image"),
    )
    assert ended.code == 0, ended.err
    assert f"foreign code: {PLAIN} is imported and run" in ended.err
    assert "foreign_networks.py, with the untrained weights of its constructor" in ended.err
    assert "one training each says nothing about the designs" in ended.err
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines() if line}
    assert rows["Plain"][1:2] != rows["tiny.safetensors"][1:2]
    assert ended.out.count("tiny.safetensors") == 4  # costs, scores, images, warning
    assert "5,568" in ended.out


def test_several_networks_as_json(command: Command, tiny_weights: Path, data: list[str]) -> None:
    argv = ["evaluate", "--weights", str(tiny_weights), "--against", str(tiny_weights), *data]
    first, second = command(*argv, "--json").json()["networks"]
    assert [one["record"]["name"] for one in (first, second)] == [
        *("tiny.safetensors", "tiny.safetensors#2"),
    ]
    assert first["delta"] == {}
    assert second["delta"]["Photos"] == {
        **{"mean_db": 0, "low_db": 0, "high_db": 0, "images": 4, "images_won": 2},
        "confidence": 0.95,
    }
    assert first["means"] == second["means"]
    assert first["record"]["cost"]["parameters"] == 7_170


def test_devices_and_precisions_that_are_not_there_are_refused(
    command: Command, tiny_weights: Path, data: list[str]
) -> None:
    argv = ["evaluate", "--weights", str(tiny_weights), *data]
    for more, line in (
        (["--precision", "fp16"], "on a CPU the precision must be fp32 or bf16, got 'fp16'"),
        (["--device", "cuda:x"], "the device must be cpu, cuda or cuda:N, got 'cuda:x'"),
    ):
        ended = command(*argv, *more)
        assert (ended.code, ended.err) == (2, f"error: {line}\n")


def psnr_y_db(
    command: Command, weights: Path, data: list[str], precision: str = "fp32", device: str = "cpu"
) -> float:
    """Return the mean of the only data set, and check that the precision is in its protocol."""
    argv = ["evaluate", "--weights", str(weights), *data, "--json"]
    argv += ["--precision", precision, "--device", device]
    scores = command(*argv).json()["datasets"]["Photos"]
    assert scores["protocol"].get("precision", "fp32") == precision
    found: float = scores["psnr_y_db"]
    return found


def test_half_precision_scores_almost_as_well(
    command: Command, tiny_weights: Path, data: list[str]
) -> None:
    full = psnr_y_db(command, tiny_weights, data)
    half = psnr_y_db(command, tiny_weights, data, "bf16")
    assert half != full
    assert half == pytest.approx(full, abs=0.1)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16"])
def test_scores_on_cuda_are_those_of_the_cpu(
    command: Command, tiny_weights: Path, data: list[str], precision: str
) -> None:
    host = psnr_y_db(command, tiny_weights, data)
    device = psnr_y_db(command, tiny_weights, data, precision, "cuda:0")
    assert device == pytest.approx(host, abs=1e-3 if precision == "fp32" else 0.1)


@pytest.mark.gpu
@pytest.mark.parametrize("tiles", [[], ["--tile", "16", "--tile-overlap", "8"]])
def test_upscale_on_cuda_writes_what_it_does_on_the_cpu(
    command: Command, tiny_weights: Path, photos: Path, tmp_path: Path, tiles: list[str]
) -> None:
    argv = ["upscale", "--weights", str(tiny_weights), *tiles, str(photos)]
    for name in ("cpu", "cuda"):
        assert command(*argv, name, "--device", name).code == 0
    for file in sorted((tmp_path / "cpu").iterdir()):
        host, device = (np.asarray(Image.open(tmp_path / d / file.name)) for d in ("cpu", "cuda"))
        assert np.abs(host.astype(int) - device).max() <= 1


def test_the_rates_of_each_network_are_in_the_json(
    command: Command, tiny_weights: Path, data: list[str]
) -> None:
    argv = ["evaluate", "--weights", str(tiny_weights), "--against", str(tiny_weights), *data]
    rates = command(*argv, "--json").json()["throughput"]
    assert list(rates) == ["tiny.safetensors", "tiny.safetensors#2"]
    assert all(rate["images_timed"] == 3 for rate in rates.values())
    assert all(rate["images_per_s"] > 0 for rate in rates.values())


def test_saved_scores_are_compared_without_their_weights(
    command: Command, tiny_weights: Path, data: list[str], tmp_path: Path
) -> None:
    saved(command, tiny_weights, data, tmp_path / "old.json")
    ended = command("evaluate", "--arch", PLAIN, "--against", "old.json", *data, "--json")
    names = [one["record"]["name"] for one in ended.json()["networks"]]
    assert names == ["Plain", "tiny.safetensors"]


@pytest.mark.parametrize(
    ("argv", "left", "right"),
    [
        (["--channel", "y"], "Y in Plain", "RGB in tiny.safetensors"),
        (
            ["--precision", "bf16"],
            "LR bicubic, bf16 in Plain",
            "LR bicubic in tiny.safetensors",
        ),
        (["--tile", "24"], "LR bicubic, tiles 24+32 in Plain", "LR bicubic in tiny.safetensors"),
        (
            ["--degradation", "bicubic-uint8"],
            "LR bicubic-uint8 in Plain",
            "LR bicubic in tiny.safetensors",
        ),
    ],
)
def test_scores_of_another_protocol_are_refused_with_both_names(
    command: Command,
    tiny_weights: Path,
    data: list[str],
    tmp_path: Path,
    argv: list[str],
    left: str,
    right: str,
) -> None:
    saved(command, tiny_weights, data, tmp_path / "old.json")
    ended = command("evaluate", "--arch", PLAIN, "--against", "old.json", *data, *argv)
    assert (ended.code, ended.out) == (2, "")
    line = ended.err.splitlines()[-1]
    assert line.startswith("error: Photos was scored by two protocols, which must not be compared")
    assert left in line
    assert right in line


def test_scores_of_other_images_are_refused(
    command: Command, tiny_weights: Path, data: list[str], tmp_path: Path, photos: Path
) -> None:
    saved(command, tiny_weights, data, tmp_path / "old.json")
    fewer = tmp_path / "fewer"
    fewer.mkdir()
    (fewer / "photo0.png").write_bytes((photos / "photo0.png").read_bytes())
    argv = ["--against", "old.json", "--data", f"Photos={fewer}"]
    ended = command("evaluate", "--weights", str(tiny_weights), *argv)
    assert ended.code == 2
    assert "images " in ended.err
    assert "in tiny.safetensors, images " in ended.err


def test_a_study_records_the_networks_in_mlflow(
    command: Command, tiny_weights: Path, data: list[str], tmp_path: Path
) -> None:
    argv = ["evaluate", "--arch", PLAIN, "--against", str(tiny_weights), *data, "--study", "peers"]
    for _ in range(2):
        ended = command(*argv)
        assert ended.code == 0, ended.err
    assert "compare in MLflow: workbench ui" in ended.err
    with closing(sqlite3.connect(tmp_path / "mlflow_runs" / "mlflow.db")) as connection:
        names = connection.execute("select name, status from runs order by name").fetchall()
    assert names == [
        ("Plain · external checkpoint", "FINISHED"),
        ("tiny.safetensors · external checkpoint", "FINISHED"),
    ]


def test_nothing_is_recorded_unless_asked(
    command: Command, tiny_weights: Path, data: list[str], tmp_path: Path
) -> None:
    assert command("evaluate", "--weights", str(tiny_weights), *data).code == 0
    assert not (tmp_path / "mlflow_runs").exists()


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ([], "--weights FILE or --arch MODULE:CLASS is needed"),
        (["--weights", "tiny", "--arch-args", "{}"], "--arch-args needs --arch"),
        (["--weights", "tiny", "--input-range", "255"], "--input-range needs --arch"),
        (["--arch", PLAIN, "--input-range", "2"], "--input-range must be 1 or 255, got 2"),
        (["--arch", PLAIN, "--arch-args", "{"], "--arch-args must be JSON"),
        (["--arch", PLAIN, "--arch-args", "[1]"], "--arch-args must be a JSON object"),
        (["--arch", "Plain"], "--arch must be package.module:Class, got 'Plain'"),
        (["--arch", PLAIN + "er"], "has no 'Plainer'; did you mean 'Plain'?"),
        (["--arch", PLAIN, "--weights", "tiny"], "does not fit tests.foreign_networks:Plain"),
        (["--weights", "tiny", "--against", "no.json"], "--against no.json: cannot be read"),
        (["--weights", "tiny", "--against", "text.json"], "must be what `workbench evaluate"),
        (["--weights", "tiny", "--against", "other.json"], "must be what `workbench evaluate"),
        (["--weights", "tiny", "--channel", "x"], "'x' is not one of 'rgb', 'y'"),
        (["--weights", "tiny", "--study", "a/b"], "--study: a name of a file must not hold / "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    command: Command,
    tiny_weights: Path,
    data: list[str],
    tmp_path: Path,
    argv: list[str],
    reason: str,
) -> None:
    (tmp_path / "text.json").write_text("no JSON")
    (tmp_path / "other.json").write_text(json.dumps({"format": "x", "channel": "rgb"}))
    known = [str(tiny_weights) if word == "tiny" else word for word in argv]
    ended = command("evaluate", *known, *data)
    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err


def test_networks_of_two_scales_are_refused(
    command: Command, tiny_weights: Path, data: list[str]
) -> None:
    argv = ["--arch", PLAIN, "--arch-args", '{"scale": 2}', "--against", str(tiny_weights)]
    ended = command("evaluate", *argv, *data)
    assert ended.code == 2
    assert "networks must have the same scale, got Plain x2, tiny.safetensors x4" in ended.err


def test_bicubic_is_a_row_and_a_network_below_it_is_said(
    command: Command, tiny_weights: Path, data: list[str]
) -> None:
    alone = command("evaluate", "--weights", str(tiny_weights), *data)
    assert re.search(r"^Photos, bicubic +\d\d\.\d{4} ", alone.out, re.MULTILINE)
    warning = r"^warning: Photos: 1 network is below bicubic interpolation \(\d\d\.\d{3} dB\): "
    assert re.findall(warning + r"tiny\.safetensors by \d+\.\d{3} dB\.$", alone.out, re.MULTILINE)
    several = command("evaluate", "--arch", PLAIN, "--against", str(tiny_weights), *data)
    assert re.search(r"^bicubic +\d\d\.\d{4} ", several.out, re.MULTILINE)
    named = re.findall(warning + r"(\S+) by ", several.out, re.MULTILINE)
    assert named == ["Plain", "tiny.safetensors"]
    plain = command("evaluate", "--weights", str(tiny_weights), *data, "--json").json()
    below = plain["below_bicubic_db"]["Photos"]["tiny.safetensors"]
    scores = plain["datasets"]["Photos"]
    assert below == pytest.approx(scores["bicubic"]["psnr_rgb_db"] - scores["psnr_rgb_db"])


def test_a_network_above_bicubic_has_no_warning(
    command: Command, reference: Path, data: list[str]
) -> None:
    ended = command("evaluate", "--weights", str(reference / "weights" / "mdrn-s.pth"), *data)
    assert "Photos, bicubic" in ended.out
    assert "warning" not in ended.out + ended.err


def test_all_bad_images_of_all_sets_are_in_one_line(
    command: Command, tiny_weights: Path, photos: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        shutil.copytree(photos, tmp_path / name)
    (tmp_path / "one" / "photo1.png").write_bytes(b"no image")
    whole = (tmp_path / "two" / "photo0.png").read_bytes()
    (tmp_path / "two" / "photo0.png").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (18, 64)).save(tmp_path / "two" / "photo3.png")
    argv = ["--data", "one", "--data", "two"]
    ended = command("evaluate", "--weights", str(tiny_weights), *argv)
    assert (ended.code, ended.out) == (2, "")
    line = ended.err.splitlines()[-1]
    assert line.startswith(f"error: {tmp_path}/one: photo1.png: not a PNG")
    assert f"; {tmp_path}/two: photo0.png: cannot be read: " in line
    assert line.endswith("; photo3.png: 16x64 px, but at least 19x19 px are needed")


def test_subfolders_are_scored_if_asked(
    command: Command, tiny_weights: Path, photos: Path, tmp_path: Path
) -> None:
    for number in range(2):
        (tmp_path / "set" / str(number)).mkdir(parents=True)
        shutil.copy(photos / f"photo{number}.png", tmp_path / "set" / str(number) / "a.png")
    argv = ["evaluate", "--weights", str(tiny_weights), "--data", "set"]
    refused = command(*argv)
    assert refused.code == 2
    assert "its subfolders hold some: 0, 1; give one of these, or --recursive" in refused.err
    images = command(*argv, "--recursive", "--json").json()["datasets"]["set"]["images"]
    assert [image["name"] for image in images] == ["0/a", "1/a"]


def test_a_network_at_x1_is_not_scored_on_a_set_of_another_scale(
    command: Command, photos: Path, tmp_path: Path
) -> None:
    for folder in ("HR", "X4"):
        (tmp_path / "set" / folder).mkdir(parents=True)
        with Image.open(photos / "photo0.png") as image:
            size = (64, 64) if folder == "HR" else (16, 16)
            image.resize(size).save(tmp_path / "set" / folder / "a.png")
    argv = ["evaluate", "--arch", PLAIN, "--arch-args", '{"scale": 1}', "--data"]
    ended = command(*argv, "set")
    assert (ended.code, ended.out) == (2, "")
    assert f"(x1), but {tmp_path}/set holds HR and X4: a network at x1 needs" in ended.err
    alone = command(*argv, "set/HR")
    assert alone.code == 0
    assert "warning: HR has no folder X1: the input is the HR image itself" in alone.err
