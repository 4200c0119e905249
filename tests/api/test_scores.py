from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import workbench as wb
from workbench.config.data import ImageSource
from workbench.data.pairs import FolderPairs
from workbench.evaluation.baseline import bicubic_scores
from workbench.evaluation.evaluate import evaluate
from workbench.system.events import Progressed, WorkEnded, WorkStarted


def test_scores_are_those_of_the_evaluation(photos: Path) -> None:
    network = wb.build("tiny")
    events: list[object] = []
    scores = wb.evaluate(network, {"photos": photos}, progress=events.append)
    images = FolderPairs(ImageSource(name="photos", folder=str(photos)), 4, "bicubic")
    expected = evaluate(network, images, smallest_lr_px=network.smallest_lr_px)
    assert scores.datasets[0].images == expected.images
    assert scores.datasets[0].protocol == expected.protocol
    assert scores.datasets[0].bicubic == bicubic_scores(images)
    frame = scores.to_frame()
    assert list(frame["image"]) == [image.name for image in expected.images]
    assert list(frame["psnr_rgb_db"]) == [image.psnr_rgb_db for image in expected.images]
    means = scores.mean().set_index("method")
    assert means.loc["bicubic", "dataset"] == "photos"
    assert means["psnr_y_db"].iloc[0] == pytest.approx(frame["psnr_y_db"].mean())
    assert "<table" in scores._repr_html_()
    kinds = [type(event) for event in events]
    assert kinds.count(WorkStarted) == kinds.count(WorkEnded) == 2
    assert kinds.count(Progressed) == 8


def test_folders_are_named_by_themselves_or_by_the_caller(photos: Path) -> None:
    network = wb.build("tiny")
    for data in (photos, str(photos), [photos], f"{photos.name}={photos}"):
        scores = wb.evaluate(network, data, progress=False)
        assert [one.dataset for one in scores.datasets] == [photos.name]
    both = wb.evaluate(network, {"a": photos, "b": photos}, progress=False)
    assert [one.dataset for one in both.datasets] == ["a", "b"]
    assert np.array_equal(both.mean()["ssim_y"][:2], both.mean()["ssim_y"][2:])


def test_bars_go_to_stderr_and_can_be_left_out(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = wb.build("tiny")
    wb.evaluate(network, photos)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert f"bicubic {photos.name}" in printed.err
    wb.evaluate(network, photos, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_network_that_gives_no_numbers_is_refused(photos: Path) -> None:
    network = wb.build("tiny")
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, float("nan"))
    with pytest.raises(wb.WorkbenchError, match="values that are infinite or not numbers"):
        wb.evaluate(network, photos, progress=False)


def test_unusable_images_are_one_clear_line(tmp_path: Path, photos: Path) -> None:
    network = wb.build("tiny")
    for data, message in (
        (tmp_path / "nowhere", "image folder .*nowhere does not exist"),
        ([], "data must name at least one folder"),
        ([photos, photos], "is there twice"),
        ("=x", "data must be a folder, or names with folders, got '=x'"),
    ):
        with pytest.raises(wb.WorkbenchError, match=message):
            wb.evaluate(network, data, progress=False)
    unknown: Any = "bicubik"
    with pytest.raises(wb.WorkbenchError, match="unknown degradation 'bicubik'; did you mean"):
        wb.evaluate(network, photos, degradation=unknown, progress=False)
