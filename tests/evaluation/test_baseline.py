"""Scores of bicubic upscaling: published values, and kept beside the packed images."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.config.data import ImageSource
from workbench.config.trial import TrialConfig
from workbench.data.bicubic import downscale, upscale
from workbench.data.image_store import ImageStore, open_store
from workbench.data.pairs import FolderPairs
from workbench.evaluation.baseline import SCORES_FILE, bicubic_scores, packed_bicubic
from workbench.results import DatasetScores, MeanScore
from workbench.system.digests import seal_json, unseal_json
from workbench.system.locks import lock_beside, locked
from workbench.trial.run import run_trial


@pytest.fixture
def packed(photos: Path, tmp_path: Path) -> ImageStore:
    source = ImageSource(name="photos", folder=str(photos))
    return open_store(source, 4, "bicubic", folder=tmp_path / "images")


@pytest.mark.reference
@pytest.mark.parametrize(
    ("scale", "psnr_y_db", "ssim_y", "psnr_rgb_db"),
    [(2, 33.66, 0.930, 31.80), (3, 30.39, 0.868, 28.63), (4, 28.42, 0.810, 26.70)],
)
def test_set5_scores_as_published(
    reference: Path, scale: int, psnr_y_db: float, ssim_y: float, psnr_rgb_db: float
) -> None:
    """Y as in the tables of EDSR and RCAN, whose Y is of another rounding; RGB as found here."""
    source = ImageSource(name="Set5", folder=str(reference / "benchmarks" / "Set5"))
    found = bicubic_scores(FolderPairs(source, scale, "bicubic"))
    assert found is not None
    assert found.psnr_y_db == pytest.approx(psnr_y_db, abs=0.025)
    assert found.ssim_y == pytest.approx(ssim_y, abs=0.0015)
    assert found.psnr_rgb_db == pytest.approx(psnr_rgb_db, abs=0.01)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_ramp_is_upscaled_as_a_ramp(scale: int) -> None:
    """Cubic interpolation reproduces a linear function away from the edges."""
    width = 70 * scale  # more than one strip
    ramp = np.broadcast_to(np.linspace(0, 255, width)[:, None], (9 * scale, width, 3))
    hr = ramp.round().astype(np.uint8)
    sr = upscale(downscale(hr, scale, "bicubic"), scale)
    assert sr.shape == hr.shape
    assert sr.dtype == np.uint8
    assert sr.flags.c_contiguous
    inner = slice(4 * scale, -4 * scale)
    assert np.abs(sr[:, inner].astype(int) - hr[:, inner]).max() <= 1


def test_scores_are_computed_once_and_kept_beside_the_images(
    packed: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    first = packed_bicubic(packed, lambda done, _total, _name: seen.append(done))
    assert first is not None
    assert first == bicubic_scores(packed)
    assert seen == [1, 2, 3, 4]
    monkeypatch.setattr("workbench.evaluation.baseline.bicubic_scores", lambda *_: None)
    assert packed_bicubic(packed) == first


@pytest.mark.parametrize("field", ["content_hash", "code_hash"])
def test_kept_scores_of_other_images_or_code_are_not_used(packed: ImageStore, field: str) -> None:
    right = packed_bicubic(packed)
    path = packed.place / SCORES_FILE
    kept = json.loads(unseal_json(path.read_bytes()))
    kept["score"]["psnr_rgb_db"] += 1
    path.write_bytes(seal_json(kept | {field: "beef"}))
    assert packed_bicubic(packed) == right


@pytest.mark.parametrize("damage", ["a digit", "the end"])
def test_damaged_scores_are_named_and_computed_again(
    packed: ImageStore, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    right = packed_bicubic(packed)
    path = packed.place / SCORES_FILE
    whole = path.read_bytes()
    more = whole.replace(b'"psnr_rgb_db": ', b'"psnr_rgb_db": 1')
    path.write_bytes(more if damage == "a digit" else whole[:-9])
    assert packed_bicubic(packed) == right
    assert f"{path}: damaged" in caplog.text
    assert path.read_bytes() == whole


def test_images_that_cannot_be_scored_have_no_scores(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "small.png")
    source = ImageSource(name="small", folder=str(tmp_path))
    assert bicubic_scores(FolderPairs(source, 4, "bicubic")) is None


def test_a_folder_that_cannot_be_written_costs_the_file_only(
    packed: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_file: Path, *, timeout_s: float) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("workbench.evaluation.baseline.locked", refuse)
    assert packed_bicubic(packed) == bicubic_scores(packed)
    assert not (packed.place / SCORES_FILE).exists()


def test_a_process_that_waits_for_another_one_can_be_stopped(
    packed: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.evaluation.baseline.WAIT_S", 0.01)

    def stop(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt(f"{done} of {total}: {what}")

    with (
        locked(lock_beside(packed.place)),
        pytest.raises(KeyboardInterrupt, match="0 of 4: another process scores them"),
    ):
        packed_bicubic(packed, stop)


def test_a_trial_carries_them_for_benchmarks_and_validation(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    result = run_trial(tiny_trial, store=tmp_path)
    (scores,) = result.scores
    assert scores.bicubic is not None
    assert scores.bicubic == result.validation_bicubic
    assert 10 < scores.bicubic.psnr_rgb_db < 50
    assert type(result).parse(json.loads(result.model_dump_json())) == result


def test_a_record_without_them_is_read_as_before() -> None:
    score = dict.fromkeys(MeanScore.model_fields, 1.0)
    plain = {
        "dataset": "a",
        "protocol": {"scale": 4, "crop_px": 4, "lr_origin": "given", "data_hash": "b"},
        "images": [{"name": "x"} | score],
    }
    assert DatasetScores.parse(plain).bicubic is None
    assert DatasetScores.parse(plain | {"bicubic": score}).bicubic == MeanScore(**score)
