"""Published weights give the published scores, whatever the LR images come from."""

import importlib.resources
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from workbench.config.data import Degradation, ImageSource
from workbench.data.image_store import open_store
from workbench.data.pairs import FolderPairs
from workbench.errors import DataError
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.running import Tiling, inference
from workbench.models.checkpoints import load_model
from workbench.results import DatasetScores

pytestmark = pytest.mark.xdist_group("evaluate")

DB, SSIM = 0.0005, 0.00005
"""The numbers to compare with have four digits after the point; these bound other machines'
arithmetic, which moves single pixels by one."""


class Enlarge(nn.Module):
    """Repeats pixels: a network whose output is known."""

    def __init__(self) -> None:
        super().__init__()
        self.mode_seen: list[bool] = []
        self.gradients_seen: list[bool] = []
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.mode_seen.append(self.training)
        self.gradients_seen.append(torch.is_grad_enabled())
        return (x + self.bias).repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)


def pairs(folder: Path, degradation: Degradation = "bicubic") -> FolderPairs:
    return FolderPairs(ImageSource(name=folder.name, folder=str(folder)), 4, degradation)


def scores(reference: Path, weights: str, benchmark: str) -> DatasetScores:
    model = load_model(reference / "weights" / f"{weights}.pth")
    return evaluate(
        model,
        pairs(reference / "benchmarks" / benchmark),
        smallest_lr_px=model.smallest_lr_px,
    )


def hr_only(
    reference: Path, weights: str, benchmark: str, degradation: Degradation
) -> DatasetScores:
    folder = reference / "benchmarks" / benchmark / "HR"
    return evaluate(
        load_model(reference / "weights" / f"{weights}.pth"), pairs(folder, degradation)
    )


def assert_y(found: DatasetScores, psnr_db: float, ssim: float) -> None:
    mean = found.mean()
    assert mean.psnr_y_db == pytest.approx(psnr_db, abs=DB)
    assert mean.ssim_y == pytest.approx(ssim, abs=2 * SSIM)


def assert_rgb(found: DatasetScores, psnr_db: float, ssim: float) -> None:
    mean = found.mean()
    assert mean.psnr_rgb_db == pytest.approx(psnr_db, abs=DB)
    assert mean.ssim_rgb == pytest.approx(ssim, abs=2 * SSIM)


@pytest.fixture(scope="module")
def mdrn_s_on_set5(reference: Path) -> DatasetScores:
    return scores(reference, "mdrn-s", "Set5")


@pytest.mark.reference
def test_mdrn_s_on_set5(mdrn_s_on_set5: DatasetScores) -> None:
    assert_rgb(mdrn_s_on_set5, 30.1502, 0.8617)
    assert_y(mdrn_s_on_set5, 32.0622, 0.8926)
    protocol = mdrn_s_on_set5.protocol
    assert protocol.describe() == "x4, uint8, crop 4, LR given"
    assert len(protocol.data_hash) == 64


@pytest.mark.reference
@pytest.mark.parametrize(
    ("name", "psnr_db"),
    [
        ("baby", 32.204),
        ("bird", 32.446),
        ("butterfly", 26.974),
        ("head", 29.892),
        ("woman", 29.235),
    ],
)
def test_mdrn_s_on_each_image_of_set5(
    mdrn_s_on_set5: DatasetScores, name: str, psnr_db: float
) -> None:
    (image,) = [image for image in mdrn_s_on_set5.images if image.name == name]
    assert image.psnr_rgb_db == pytest.approx(psnr_db, abs=0.001)


@pytest.mark.reference
def test_made_lr_gives_the_scores_of_the_official_lr(
    reference: Path, mdrn_s_on_set5: DatasetScores
) -> None:
    made = hr_only(reference, "mdrn-s", "Set5", "bicubic")
    assert made.images == mdrn_s_on_set5.images
    assert made.protocol.lr_origin == "bicubic"


@pytest.mark.reference
def test_mdrn_on_set5(reference: Path) -> None:
    assert_y(scores(reference, "mdrn_x4", "Set5"), 32.3466, 0.8970)


@pytest.mark.reference
def test_mdrn_s_on_set14(reference: Path) -> None:
    found = scores(reference, "mdrn-s", "Set14")
    assert_rgb(found, 26.7750, 0.7422)
    assert_y(found, 28.5916, 0.7811)


@pytest.mark.reference
def test_mdrn_on_set14(reference: Path) -> None:
    assert_y(scores(reference, "mdrn_x4", "Set14"), 28.7979, 0.7861)


@pytest.mark.reference
def test_mdrn_on_set14_with_lr_of_the_other_kind(reference: Path) -> None:
    found = hr_only(reference, "mdrn_x4", "Set14", "bicubic-uint8")
    assert found.mean().psnr_y_db == pytest.approx(28.7992, abs=DB)
    assert found.protocol.describe() == "x4, uint8, crop 4, LR bicubic-uint8"


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_put_back_into_its_mode(photos: Path, training: bool) -> None:
    model = Enlarge().train(training)
    evaluate(model, pairs(photos))
    assert model.training is training
    assert model.mode_seen == [False] * 4
    assert model.gradients_seen == [False] * 4


def test_the_mode_comes_back_after_an_error() -> None:
    model = Enlarge()
    with pytest.raises(ZeroDivisionError, match="division"), inference(model):
        _ = 1 / 0
    assert model.training
    assert torch.is_grad_enabled()


def test_a_network_without_parameters_runs_on_the_cpu() -> None:
    with inference(nn.Identity()) as device:
        assert device == torch.device("cpu")


def test_scores_name_their_images_and_their_protocol(photos: Path) -> None:
    told: list[tuple[int, int, str]] = []
    images = pairs(photos)
    found = evaluate(Enlarge(), images, progress=lambda *what: told.append(what))
    names = [f"photo{number}" for number in range(4)]
    assert found.dataset == photos.name
    assert [image.name for image in found.images] == names
    assert told == [(number, 4, name) for number, name in enumerate(names, start=1)]
    assert (found.protocol.scale, found.protocol.crop_px) == (4, 4)
    assert found.protocol.lr_origin == "bicubic"
    assert found.protocol.data_hash == images.content_hash
    assert found.protocol.tile_lr_px is None
    assert found.protocol.tile_overlap_lr_px is None


def test_packed_images_score_as_their_folder_does(photos: Path, tmp_path: Path) -> None:
    source = ImageSource(name=photos.name, folder=str(photos))
    packed = open_store(source, 4, "bicubic", folder=tmp_path)
    assert evaluate(Enlarge(), packed) == evaluate(Enlarge(), pairs(photos))


def test_tiles_are_part_of_the_protocol(photos: Path) -> None:
    whole = evaluate(Enlarge(), pairs(photos))
    tiled = evaluate(Enlarge(), pairs(photos), tiling=Tiling(7, 2))
    assert tiled.images == whole.images  # a local network
    assert tiled.protocol.describe() == "x4, uint8, crop 4, LR bicubic, tiles 7+2"
    assert tiled.protocol != whole.protocol


@pytest.fixture
def two_sizes(tmp_path: Path) -> Path:
    """Return a folder of a large and a small image."""
    folder = tmp_path / "sizes"
    folder.mkdir()
    source = Path(str(importlib.resources.files("skimage"))) / "data" / "astronaut.png"
    with Image.open(source) as image:
        for name, width, height in (("large", 64, 48), ("small", 40, 16)):
            image.convert("RGB").crop((100, 100, 100 + width, 100 + height)).save(
                folder / f"{name}.png"
            )
    return folder


def test_an_image_below_the_smallest_input_is_padded(photos: Path) -> None:
    class Watched(Enlarge):
        def forward(self, x: Tensor) -> Tensor:
            assert min(x.shape[2:]) >= 100
            return super().forward(x)

    padded = evaluate(Watched(), pairs(photos), smallest_lr_px=100)
    assert padded == evaluate(Enlarge(), pairs(photos))


def test_an_image_too_small_to_be_scored_is_named(two_sizes: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"^small: too small to be scored: 40x16 px, but at least 19x19 px are needed$",
    ):
        evaluate(Enlarge(), pairs(two_sizes))


def test_the_network_gets_rgb_in_0_1(tmp_path: Path) -> None:
    given: list[Tensor] = []

    class Watched(Enlarge):
        def forward(self, x: Tensor) -> Tensor:
            given.append(x)
            return super().forward(x)

    Image.new("RGB", (32, 28), (255, 51, 0)).save(tmp_path / "a.png")
    found = evaluate(Watched(), pairs(tmp_path))
    assert given[0].shape == (1, 3, 7, 8)
    assert given[0].dtype == torch.float32
    np.testing.assert_allclose(given[0][0, :, 3, 3], [1, 0.2, 0])
    assert found.images[0].psnr_rgb_db == 100.0
