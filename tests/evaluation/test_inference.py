"""What evaluation and enlarging refuse, and how they leave a network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from workbench.config.data import ImageSource
from workbench.data.pairs import FolderPairs
from workbench.errors import DataError
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.metrics import score_image
from workbench.evaluation.running import NotFiniteError, inference
from workbench.evaluation.upscale import plan_files, upscale_files


class Nearest(nn.Module):
    """Repeats each pixel; one value of its output can be given."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.value = value
        self.frozen = nn.Dropout()
        self.runs = 0

    def forward(self, image: Tensor) -> Tensor:
        self.runs += 1
        output = functional.interpolate(image, scale_factor=4)
        if self.value is not None:
            output[0, 1, 2, 3] = self.value
        return output


def pairs(folder: Path) -> FolderPairs:
    return FolderPairs(ImageSource(name="Set", folder=str(folder)), 4, "bicubic")


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_no_score_is_made_of_what_is_no_number(photos: Path, value: float) -> None:
    line = "^photo0: the network gives values that are infinite or not numbers; its weights are"
    with pytest.raises(NotFiniteError, match=line):
        evaluate(Nearest(value), pairs(photos))


def test_no_image_is_made_of_what_is_no_number(photos: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    files = plan_files(photos / "photo1.png", target)
    with pytest.raises(NotFiniteError, match=r"^photo1\.png: the network gives values that are"):
        upscale_files(Nearest(torch.nan), files, scale=4, smallest_lr_px=1)
    assert not target.exists()


@pytest.mark.parametrize("modes", [(True, True), (True, False), (False, True)])
def test_each_module_comes_back_into_its_own_mode(modes: tuple[bool, bool]) -> None:
    model = Nearest()
    model.training, model.frozen.training = modes
    with inference(model):
        assert not any(module.training for module in model.modules())
    assert (model.training, model.frozen.training) == modes


def test_images_too_small_are_found_before_the_first_is_run(photos: Path, tmp_path: Path) -> None:
    with Image.open(photos / "photo0.png") as image:
        image.save(tmp_path / "a.png")
        image.crop((0, 0, 16, 16)).save(tmp_path / "b.png")
    model = Nearest()
    with pytest.raises(DataError, match=r"^b: .* at least "):
        evaluate(model, pairs(tmp_path))
    assert model.runs == 0


def test_no_image_scores_above_identical_ones() -> None:
    hr = np.zeros((600, 600, 3), np.uint8)
    sr = hr.copy()
    sr[300, 300, 0] = 1
    score = score_image("a", sr, hr, 4)
    assert (score.psnr_rgb_db, score.psnr_y_db) == (100.0, 100.0)
