"""Enlarging files and folders: what is written, and what is refused."""

import errno
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from workbench.data.images import read_rgb
from workbench.errors import DataError, StoreError
from workbench.evaluation.running import WHOLE, Tiling
from workbench.evaluation.upscale import plan_files, upscale_files
from workbench.system.progress import Progress, silent

SCALE = 2


class Enlarge(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(SCALE, dim=2).repeat_interleave(SCALE, dim=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    place.mkdir()
    generator = np.random.default_rng(0)
    for name in ("b.bmp", "a.png", "c.webp"):
        pixels = generator.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(place / name, lossless=True)  # of WebP; others ignore it
    (place / "notes.txt").write_text("no image")
    return place


def upscale(
    source: Path,
    target: Path,
    *,
    smallest_lr_px: int = 1,
    tiling: Tiling = WHOLE,
    progress: Progress = silent,
) -> list[Path]:
    return list(
        upscale_files(
            Enlarge(),
            plan_files(source, target),
            scale=SCALE,
            smallest_lr_px=smallest_lr_px,
            tiling=tiling,
            progress=progress,
        )
    )


def is_enlarged(source: Path, target: Path) -> bool:
    small, _ = read_rgb(source)
    with Image.open(target) as image:
        assert image.format == "PNG"
    large, _ = read_rgb(target)
    return np.array_equal(large, small.repeat(SCALE, axis=0).repeat(SCALE, axis=1))


@pytest.mark.parametrize("tiling", [WHOLE, Tiling(5, 1)])
def test_a_file_is_enlarged(folder: Path, tmp_path: Path, tiling: Tiling) -> None:
    target = tmp_path / "new" / "large.PNG"
    assert upscale(folder / "b.bmp", target, tiling=tiling) == [target]
    assert is_enlarged(folder / "b.bmp", target)
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_is_enlarged_and_other_files_are_left_out(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    told: list[tuple[int, int, str]] = []
    written = upscale(folder, target, progress=lambda *what: told.append(what))
    assert written == [target / f"{name}.png" for name in "abc"]
    assert sorted(target.iterdir()) == written
    for name, output in zip(("a.png", "b.bmp", "c.webp"), written, strict=True):
        assert is_enlarged(folder / name, output)
    assert told[:3] == [(0, 3, f"checking {name}") for name in ("a.png", "b.bmp", "c.webp")]
    assert told[3:] == [(1, 3, "a.png"), (2, 3, "b.bmp"), (3, 3, "c.webp")]


def test_an_earlier_output_is_replaced(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "large.png"
    target.write_text("old")
    upscale(folder / "a.png", target)
    assert is_enlarged(folder / "a.png", target)


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_source_is_never_overwritten(folder: Path, tmp_path: Path, through_a_link: bool) -> None:
    place = folder
    if through_a_link:
        place = tmp_path / "link"
        place.symlink_to(folder)
    before = (folder / "a.png").read_bytes()
    for source, target in [(folder, place), (folder / "a.png", place / "a.png")]:
        with pytest.raises(
            DataError,
            match=rf"^{re.escape(str(place))}/a\.png: OUT would overwrite an image of IN$",
        ):
            upscale(source, target)
    assert (folder / "a.png").read_bytes() == before
    assert len(list(folder.iterdir())) == 4


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("gone", "out", r"^{0}/gone: no such image or folder$"),
        ("in", "in/b.bmp", r"^{0}/in/b\.bmp: IN is a folder, so OUT must be a folder, not a file$"),
        ("in/a.png", "large.jpg", r"^OUT must end in \.png, got '{0}/large\.jpg'$"),
        ("in/a.png", "large", r"^OUT must end in \.png, got '{0}/large'$"),
        ("in/a.png", "in", r"^{0}/in: IN is an image, so OUT must be a \.png file, not a folder$"),
        ("empty", "out", r"^image folder {0}/empty holds no images"),
    ],
)
def test_paths_that_do_not_fit_are_refused(
    folder: Path, tmp_path: Path, source: str, target: str, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=said.format(re.escape(str(tmp_path)))):
        plan_files(tmp_path / source, tmp_path / target)


def test_a_folder_that_ends_like_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "large.png").mkdir()
    with pytest.raises(DataError, match=r"large\.png: IN is an image, so OUT must be a"):
        upscale(folder / "a.png", tmp_path / "large.png")


def test_all_bad_files_are_named_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    (folder / "b.bmp").write_bytes((folder / "b.bmp").read_bytes()[:100])
    (folder / "c.webp").write_text("no image")
    for name in ("d", "e"):
        Image.new("RGBA", (12, 2)).save(folder / f"{name}.png")
    target = tmp_path / "out"
    with pytest.raises(DataError, match=r"and 1 more$") as refused:
        upscale(folder, target, smallest_lr_px=3)
    assert str(refused.value) == (
        f"{folder}: b.bmp: cannot be read: image file is truncated (10 bytes not processed); "
        "c.webp: not a PNG, JPEG, WebP, BMP or TIFF image; d.png: 12x2 px; with alpha at least "
        "3 px are needed on each side; and 1 more"
    )
    assert not target.exists()


@pytest.mark.parametrize("tiling", [WHOLE, Tiling(5, 1)])
def test_an_image_below_the_smallest_input_is_padded_and_its_output_cropped(
    folder: Path, tmp_path: Path, tiling: Tiling
) -> None:
    target = tmp_path / "out.png"
    upscale(folder / "a.png", target, smallest_lr_px=40, tiling=tiling)
    assert is_enlarged(folder / "a.png", target)


def test_subfolders_keep_their_place(folder: Path, tmp_path: Path) -> None:
    deep = folder / "sub" / "deeper"
    deep.mkdir(parents=True)
    (folder / "a.png").rename(deep / "a.png")
    assert [out.name for _, out in plan_files(folder, tmp_path / "out").jobs] == ["b.png", "c.png"]
    files = plan_files(folder, tmp_path / "out", recursive=True)
    written = upscale_files(Enlarge(), files, scale=SCALE, smallest_lr_px=1)
    out = tmp_path / "out"
    assert list(written) == [out / "b.png", out / "c.png", out / "sub" / "deeper" / "a.png"]
    assert is_enlarged(deep / "a.png", out / "sub" / "deeper" / "a.png")
    for target in (folder, folder / "out"):
        with pytest.raises(DataError, match="with --recursive OUT must not lie in IN"):
            plan_files(folder, target, recursive=True)
    with pytest.raises(DataError, match=r"^--recursive means nothing for an image, got "):
        plan_files(deep / "a.png", tmp_path / "a.png", recursive=True)


def test_outputs_of_one_name_are_refused(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (12, 9)).save(folder / "a.jpg")
    with pytest.raises(DataError, match=r"two images of one name: a\.jpg and a\.png$"):
        plan_files(folder, tmp_path / "out")
    (folder / "a.jpg").unlink()
    (tmp_path / "out" / "b.png").mkdir(parents=True)
    with pytest.raises(DataError, match=r"out/b\.png is a folder, so no image can be written"):
        plan_files(folder, tmp_path / "out")


def test_a_full_disk_is_named_and_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = tmp_path / "out" / "large.png"
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        StoreError, match=rf"^cannot write {re.escape(str(target))}: no space is left on its disk$"
    ):
        upscale(folder / "a.png", target)
    assert list(target.parent.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_named(folder: Path, tmp_path: Path) -> None:
    target = folder / "notes.txt" / "large.png"
    with pytest.raises(StoreError, match=rf"^cannot write {re.escape(str(target))}: "):
        upscale(folder / "a.png", target)


def test_the_network_is_put_back_into_its_mode(folder: Path, tmp_path: Path) -> None:
    model = nn.Sequential(Enlarge()).train()
    files = plan_files(folder, tmp_path / "out")
    upscale_files(model, files, scale=SCALE, smallest_lr_px=1)
    assert model.training
    assert torch.is_grad_enabled()
