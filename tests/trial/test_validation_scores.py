"""Validation scores of every image: in the record, in checkpoints, and absent from old ones."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tracking.conftest import make_label, make_point, make_result
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, StoppedByUserError
from workbench.results import SCORE_NAMES, PerImage, TrialResult
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT
from workbench.system.digests import seal, unseal
from workbench.trial.run import run_trial

ONE = {"psnr_rgb_db": [30.0], "ssim_rgb": [0.8], "psnr_y_db": [31.0], "ssim_y": [0.9]}


def test_each_point_holds_the_scores_that_its_mean_is_of(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    result = run_trial(tiny_trial, store=tmp_path)
    assert result.validation_images == tuple(f"photo{i}" for i in range(4))
    for point in result.curve:
        assert point.per_image is not None
        for name in SCORE_NAMES:
            values = getattr(point.per_image, name)
            assert sum(values) / 4 == pytest.approx(getattr(point.score, name), abs=1e-6)
    last = result.curve[-1].per_image
    assert last is not None
    (scores,) = result.scores  # of the same images
    assert last == PerImage.of(scores.images)
    assert Ledger(tmp_path).result(result.key) == result


def interrupt(done: int, *_: object) -> None:
    if done == 8:
        raise StoppedByUserError("stopped")


def rewrite_checkpoint(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    content = torch.load(io.BytesIO(unseal(path.read_bytes())), weights_only=True)
    curve = json.loads(content["curve"])
    change(curve)
    encoded = io.BytesIO()
    torch.save(content | {"curve": json.dumps(curve)}, encoded)
    path.write_bytes(seal(encoded.getvalue()))


def test_a_checkpoint_of_before_there_were_scores_of_images_is_resumed(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    def forget(curve: list[dict[str, Any]]) -> None:
        for point in curve:
            del point["per_image"]

    with pytest.raises(StoppedByUserError, match="stopped"):
        run_trial(tiny_trial, store=tmp_path / "old", progress=interrupt)
    (checkpoint,) = (tmp_path / "old").rglob(CHECKPOINT)
    rewrite_checkpoint(checkpoint, forget)
    resumed = run_trial(tiny_trial, store=tmp_path / "old")
    whole = run_trial(tiny_trial, store=tmp_path / "new")
    assert resumed.sessions == 2
    assert resumed.weights_hash == whole.weights_hash
    assert [p.score for p in resumed.curve] == [p.score for p in whole.curve]
    assert resumed.curve[0].per_image is None
    assert resumed.curve[1].per_image == whole.curve[1].per_image


def test_a_record_of_before_stays_as_it_was() -> None:
    old = make_result(make_label(seed=1))
    plain = old.plain()
    assert "validation_images" not in plain
    assert all("per_image" not in point for point in plain["curve"])
    assert TrialResult.parse(plain) == old


@pytest.mark.parametrize(
    ("scores", "rule"),
    [
        (ONE | {"ssim_y": [0.9, 0.8]}, "one value an image for every score"),
        ({name: [] for name in ONE}, "one value an image for every score"),
        (ONE | {"psnr_y_db": [101.0]}, "less than or equal to 100"),
        (ONE | {"ssim_rgb": [float("nan")]}, "ssim_rgb"),
    ],
)
def test_impossible_scores_are_refused(scores: dict[str, list[float]], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        PerImage.parse(scores)


def test_a_point_without_a_score_of_each_image_is_refused() -> None:
    record = make_result(make_label(seed=1), curve=(make_point(40),)).plain()
    record["curve"][0]["per_image"] = ONE
    with pytest.raises(ConfigError, match="score of each of the 2 validation images, got 1"):
        TrialResult.parse(record | {"validation_images": ["a", "b"]})
