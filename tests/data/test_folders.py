"""Folders that cannot be meant, and images in subfolders."""

import re
from pathlib import Path

import pytest
from PIL import Image

from workbench.config.data import ImageSource
from workbench.data.folders import list_images
from workbench.data.pairs import FolderPairs
from workbench.data.sources import find_images
from workbench.errors import DataError


def source(folder: Path | str) -> ImageSource:
    return ImageSource(name="photos", folder=str(folder))


def put(path: Path, width: int = 16, height: int = 12) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height)).save(path)
    return path


@pytest.mark.parametrize("name", ["X2", "X3", "X4", "x4", "LR", "LRbicx4", "LR_bicubic"])
def test_a_folder_of_lr_images_is_refused_and_the_one_to_give_is_named(
    tmp_path: Path, name: str
) -> None:
    put(tmp_path / "HR" / "a.png")
    folder = put(tmp_path / name / "a.png", 4, 3).parent
    said = (
        f"image folder {folder} holds LR images, but HR images are needed: "
        f"give {tmp_path} or {tmp_path / 'HR'}"
    )
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        find_images(source(folder), 4)
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(DataError, match=f"^image folder {re.escape(str(link))} holds LR images"):
        find_images(source(link), 4)


def test_the_layout_of_basicsr_is_known(tmp_path: Path) -> None:
    put(tmp_path / "GTmod12" / "a.png")
    put(tmp_path / "LRbicx4" / "a.png", 4, 3)
    with pytest.raises(DataError, match=f"needed: give {re.escape(str(tmp_path))}/GTmod12$"):
        find_images(source(tmp_path / "LRbicx4"), 4)
    assert find_images(source(tmp_path / "GTmod12"), 4).names == ("a",)


def test_x4_alone_is_lr_and_lr_alone_is_a_name(tmp_path: Path) -> None:
    put(tmp_path / "DIV2K_valid_LR_bicubic" / "X4" / "a.png")
    with pytest.raises(DataError, match="such a name means LR images, and there is no folder HR"):
        find_images(source(tmp_path / "DIV2K_valid_LR_bicubic" / "X4"), 4)
    for name in ("LR", "lrcat", "X", "X42", "HR"):
        folder = tmp_path / name / "images" / name
        put(folder / "a.png")
        assert find_images(source(folder), 4).names == ("a",)


def test_x1_needs_images_of_its_own_where_there_are_lr_images(tmp_path: Path) -> None:
    put(tmp_path / "HR" / "a.png")
    assert find_images(source(tmp_path), 1).lr is None
    put(tmp_path / "X2" / "a.png", 8, 6)
    put(tmp_path / "X4" / "a.png", 4, 3)
    with pytest.raises(DataError, match=r"\(x1\), but .* holds HR and X2, X4: .* in a folder X1$"):
        find_images(source(tmp_path), 1)
    noisy = put(tmp_path / "X1" / "a.png")
    assert find_images(source(tmp_path), 1).lr == (noisy,)
    assert find_images(source(tmp_path), 3).lr is None  # LR is made


def test_images_in_subfolders_only_are_named(tmp_path: Path) -> None:
    put(tmp_path / ".hidden" / "a.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"and no folder HR$"):
        list_images(tmp_path)
    for name in ("e", "d", "c/deep", "b"):
        put(tmp_path / name / "a.png")
    said = (
        "and no folder HR; its subfolders hold some: b, c/deep, d and 1 more; give one of these, "
        "or --recursive to a command that has it"
    )
    with pytest.raises(DataError, match=f"{re.escape(said)}$"):
        list_images(tmp_path)


def test_images_in_subfolders_that_are_not_read_are_said(tmp_path: Path) -> None:
    put(tmp_path / "a.png", 32, 32)
    assert FolderPairs(source(tmp_path), 4, "bicubic").notes == ()
    put(tmp_path / "more" / "b.png")
    (tmp_path / "texts").mkdir()
    pairs = FolderPairs(source(tmp_path), 4, "bicubic")
    assert pairs.names == ("a",)
    assert pairs.notes == ("more: subfolders with images, which are not read",)


def test_subfolders_are_read_if_asked_and_images_are_called_by_their_path(tmp_path: Path) -> None:
    files = [put(tmp_path / name) for name in ("b.png", "a/x.png", "c/d/x.bmp")]
    put(tmp_path / ".cache" / "z.png")
    found = find_images(source(tmp_path), 4, recursive=True)
    assert found.hr == tuple(files)
    assert found.names == ("b", "a/x", "c/d/x")
    put(tmp_path / "a" / "x.jpg")
    with pytest.raises(DataError, match=r"two images of one name: a/x\.jpg and a/x\.png$"):
        find_images(source(tmp_path), 4, recursive=True)


def test_lr_images_of_subfolders_belong_to_hr_images_of_the_same_path(tmp_path: Path) -> None:
    for name in ("b/1", "a/1"):
        put(tmp_path / "HR" / f"{name}.png")
    lr = [put(tmp_path / "X4" / f"{name}x4.png", 4, 3) for name in ("a/1", "b/1")]
    found = find_images(source(tmp_path), 4, recursive=True)
    assert (found.names, found.lr) == (("a/1", "b/1"), tuple(lr))


def test_recursion_takes_no_lr_image_for_an_hr_image(tmp_path: Path) -> None:
    put(tmp_path / "Set5" / "HR" / "a.png")
    lr = put(tmp_path / "Set5" / "X4" / "a.png", 4, 3).parent
    with pytest.raises(DataError, match=f"^image folder {re.escape(str(lr))} holds LR images"):
        find_images(source(tmp_path), 4, recursive=True)
