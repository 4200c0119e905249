"""Images are scored where the network is, and packed ones are uploaded once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from numpy import uint8
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.config.data import ImageSource
from workbench.data.image_store import ImageStore, open_store
from workbench.data.pairs import FolderPairs
from workbench.evaluation import device_images, scorers
from workbench.evaluation.baseline import bicubic_scores
from workbench.evaluation.device_images import KeptImages, upload
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.running import WHOLE, NotFiniteError, Tiling
from workbench.evaluation.scorers import score_on_device, score_on_host, score_pixels, scorer_of
from workbench.results import ImageScore

CPU = torch.device("cpu")


def repeated(lr: Tensor) -> Tensor:
    """Enlarge by repeating pixels."""
    values = lr.permute(2, 0, 1)[None].to(torch.float32) / 255
    return values.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)


@pytest.fixture
def source(photos: Path) -> ImageSource:
    return ImageSource(name="photos", folder=str(photos))


@pytest.fixture
def packed(source: ImageSource, tmp_path: Path) -> ImageStore:
    return open_store(source, 4, "bicubic", folder=tmp_path / "images")


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the index of each image that is uploaded from a set that is kept."""
    monkeypatch.setattr(scorers, "KEPT", KeptImages())
    seen: list[int] = []

    def noted(images: ImageStore, index: int, device: torch.device) -> tuple[Tensor, Tensor]:
        seen.append(index)
        return upload(images, index, device)

    monkeypatch.setattr(device_images, "upload", noted)
    return seen


def test_scores_of_the_device_are_those_of_the_host(
    source: ImageSource, packed: ImageStore, uploads: list[int]
) -> None:
    for images in (packed, FolderPairs(source, 4, "bicubic")):
        for index in range(len(images)):
            host = score_on_host(repeated, images, index, CPU)
            device = score_on_device(repeated, images, index, CPU)
            assert device.name == host.name
            for metric in ("psnr_rgb_db", "ssim_rgb", "psnr_y_db", "ssim_y"):
                found, expected = getattr(device, metric), getattr(host, metric)
                assert found == pytest.approx(expected, rel=0, abs=1e-11)
    assert uploads == [0, 1, 2, 3]  # of the packed set


def test_bicubic_scores_the_same_on_a_device(source: ImageSource) -> None:
    images = FolderPairs(source, 4, "bicubic")
    seen: list[str] = []

    def score(name: str, sr: NDArray[uint8], hr: NDArray[uint8], crop_px: int) -> ImageScore:
        seen.append(name)
        return score_pixels(name, sr, hr, crop_px, device=CPU)

    host, device = bicubic_scores(images), bicubic_scores(images, score=score)
    assert host is not None
    assert device is not None
    assert device.plain() == pytest.approx(host.plain(), rel=0, abs=1e-11)
    assert seen == list(images.names)


def test_packed_images_are_uploaded_once(packed: ImageStore, uploads: list[int]) -> None:
    for _ in range(3):
        for index in (0, 1):
            score_on_device(repeated, packed, index, CPU)
    assert uploads == [0, 1]
    assert scorers.KEPT.bytes_kept() == 2 * (64 * 64 + 16 * 16) * 3


@pytest.mark.parametrize("score", [score_on_host, score_on_device])
@pytest.mark.usefixtures("uploads")
def test_an_output_that_is_not_finite_names_the_image(
    packed: ImageStore, score: scorers.Scorer
) -> None:
    with pytest.raises(NotFiniteError, match=r"^photo2: the network gives values that are infini"):
        score(lambda lr: repeated(lr) * float("nan"), packed, 2, CPU)


def test_only_whole_images_on_cuda_are_scored_there() -> None:
    assert scorer_of(torch.device("cuda", 1), WHOLE) is score_on_device
    assert scorer_of(torch.device("cuda", 1), Tiling(64)) is score_on_host
    assert scorer_of(CPU, WHOLE) is score_on_host


def test_each_image_is_run_and_scored_in_a_context_of_its_own(
    source: ImageSource,
) -> None:
    events: list[str] = []

    class Network(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            events.append("run")
            return x.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)

    @contextmanager
    def locked() -> Iterator[None]:
        events.append("enter")
        yield
        events.append("leave")

    images = FolderPairs(source, 4, "bicubic")
    evaluate(Network(), images, each=locked, progress=lambda *_: events.append("told"))
    assert events == 4 * ["enter", "run", "leave", "told"]


def sized(images: ImageStore, count: int) -> KeptImages:
    """Return a place for this number of images of the set."""
    return KeptImages(count * sum(v.numel() for v in upload(images, 0, CPU)))


def test_a_set_beyond_the_bound_is_kept_in_part(packed: ImageStore, uploads: list[int]) -> None:
    kept = sized(packed, 3)
    for _ in range(2):
        for index in range(4):
            lr, hr = kept.get(packed, index, CPU)
            assert (lr.numpy() == packed.lr(index)).all()
            assert (hr.numpy() == packed.hr(index)).all()
    assert uploads == [0, 1, 2, 3, 3]
    kept.clear()
    assert kept.bytes_kept() == 0


def test_the_set_used_last_makes_the_others_go(
    source: ImageSource, packed: ImageStore, tmp_path: Path, uploads: list[int]
) -> None:
    other = open_store(source, 4, "bicubic-uint8", folder=tmp_path / "others")
    kept = sized(packed, 3)
    for images, index in ((packed, 0), (other, 0), (packed, 0), (packed, 1)):
        kept.get(images, index, CPU)
    assert uploads == [0, 0, 1]
    kept.get(packed, 2, CPU)  # in the place of the other set
    kept.get(packed, 0, CPU)
    assert uploads == [0, 0, 1, 2]
    kept.get(other, 0, CPU)
    kept.get(packed, 0, CPU)
    assert uploads == [0, 0, 1, 2, 0, 0]


@pytest.mark.gpu
def test_evaluate_on_cuda_gives_the_scores_of_the_host(packed: ImageStore) -> None:
    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            return (x + self.bias).repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)

    host, device = evaluate(Network(), packed), evaluate(Network().cuda(), packed)
    for expected, found in zip(host.images, device.images, strict=True):
        assert found.psnr_y_db == pytest.approx(expected.psnr_y_db, rel=0, abs=1e-9)
        assert found.ssim_rgb == pytest.approx(expected.ssim_rgb, rel=0, abs=1e-9)
