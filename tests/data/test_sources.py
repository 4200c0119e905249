"""Which files a folder means, and what is wrong with it."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.config.data import ImageSource
from workbench.data.folders import list_images
from workbench.data.images import read_rgb
from workbench.data.packing import fingerprint
from workbench.data.pairs import FolderPairs
from workbench.data.sources import ImageFiles, find_images
from workbench.errors import DataError


def source(folder: Path | str) -> ImageSource:
    return ImageSource(name="photos", folder=str(folder))


def put(path: Path, width: int = 16, height: int = 12) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height)).save(path)
    return path


def put_text(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("no image")
    return path


def one_line(folder: Path, scale: int = 4) -> str:
    with pytest.raises(DataError, match=re.escape(folder.name)) as caught:
        find_images(source(folder), scale)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_of_images_is_sorted_by_name_and_has_no_lr(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "c.WEBP", "d.bmp", "e.tif", "f.TIFF", "g.jpeg"):
        put(tmp_path / name)
    files = find_images(source(tmp_path), 4)
    assert files.names == ("a", "b", "c", "d", "e", "f", "g")
    assert files.hr[1] == tmp_path / "b.png"
    assert files == ImageFiles("photos", tmp_path, files.hr, None)


def test_hidden_files_folders_and_other_kinds_are_left_out(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    put(tmp_path / ".hidden.png")
    put_text(tmp_path / "LICENSE")
    put_text(tmp_path / "names.json")
    put_text(tmp_path / "._a.png")
    (tmp_path / "folder.png").mkdir()
    assert list_images(tmp_path) == (tmp_path / "a.png",)


def test_a_broken_link_counts_as_an_image(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "gone.png")
    assert list_images(tmp_path) == (tmp_path / "a.png", tmp_path / "b.png")


def a_file_for_a_folder(folder: Path) -> None:
    put_text(folder)


def only_text(folder: Path) -> None:
    put_text(folder / "notes.txt")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "image folder {0} does not exist"),
        (Path.mkdir, "image folder {0} holds no images (png jpg jpeg webp bmp tif tiff)"),
        (only_text, "image folder {0} holds no images (png jpg jpeg webp bmp tif tiff)"),
        (a_file_for_a_folder, "image folder {0} is a file, not a folder"),
        (lambda folder: (folder / "HR").mkdir(parents=True), "image folder {0}/HR holds no images"),
    ],
    ids=["missing", "empty", "only text", "a file", "empty HR"],
)
def test_a_folder_without_images_is_named(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    folder = tmp_path / "photos-here"
    make(folder)
    assert one_line(folder).startswith(said.format(folder))


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("x" * 300, f"^image folder .*/{'x' * 300} cannot be read: File name too long$"),
        ("~no-such-user/photos", "^image folder ~no-such-user/photos: "),
        ("embedded:trainin", "^unknown image folder 'embedded:trainin'; did you mean 'embedded:tr"),
    ],
    ids=["too long", "unknown user", "unknown set"],
)
def test_a_folder_that_cannot_be_looked_up_is_named(folder: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        find_images(source(folder), 4)


@pytest.mark.parametrize("denied", ["is_dir", "iterdir"])
def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    """Permissions do not stop root, so the refusal is played."""

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    put(tmp_path / "a.png")
    monkeypatch.setattr(Path, denied, refuse)
    with pytest.raises(
        DataError,
        match=f"^image folder {re.escape(str(tmp_path))} cannot be read: Permission denied",
    ):
        find_images(source(tmp_path), 4)


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    put(tmp_path / "a.jpg")
    assert one_line(tmp_path) == f"{tmp_path}: two images of one name: a.jpg and a.png"


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(put(tmp_path / "a.png").read_bytes())
    assert one_line(tmp_path) == (
        rf"{tmp_path}: the file name 'caf\udce9.png' is not UTF-8; rename it"
    )


def test_a_path_relative_to_the_home_or_the_working_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "photos" / "a.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for folder in ("~/photos", "photos"):
        assert find_images(source(folder), 4).folder == tmp_path / "photos"


@pytest.mark.parametrize("ending", ["", "x4"])
def test_hr_and_x4_are_paired(tmp_path: Path, ending: str) -> None:
    for name in ("b", "a"):
        put(tmp_path / "HR" / f"{name}.png", 18, 13)
        put(tmp_path / "X4" / f"{name}{ending}.png", 4, 3)
    put_text(tmp_path / "X4" / "names.json")
    files = find_images(source(tmp_path), 4)
    assert files.folder == tmp_path
    assert files.names == ("a", "b")
    assert files.lr == tuple(tmp_path / "X4" / f"{name}{ending}.png" for name in ("a", "b"))


def test_lr_of_another_scale_is_not_used(tmp_path: Path) -> None:
    put(tmp_path / "HR" / "a.png")
    put(tmp_path / "X2" / "a.png", 1, 1)
    assert find_images(source(tmp_path), 4).lr is None


def test_hr_files_may_end_like_lr_files(tmp_path: Path) -> None:
    for name in ("a", "ax4"):
        put(tmp_path / "HR" / f"{name}.png", 16, 12)
        put(tmp_path / "X4" / f"{name}.png", 4, 3)
    files = find_images(source(tmp_path), 4)
    assert files.lr == (tmp_path / "X4" / "a.png", tmp_path / "X4" / "ax4.png")


def test_lr_files_may_be_of_another_kind(tmp_path: Path) -> None:
    put(tmp_path / "HR" / "a.png", 16, 12)
    lr = put(tmp_path / "X4" / "a.bmp", 4, 3)
    assert find_images(source(tmp_path), 4).lr == (lr,)


@pytest.mark.parametrize(
    ("hr", "lr", "said"),
    [
        ("ab", "a", "HR has 2 images and X4 has 1; without a partner: HR/b.png"),
        ("a", "ab", "HR has 1 images and X4 has 2; without a partner: X4/b.png"),
        ("abc", "abd", "HR has 3 images and X4 has 3; without a partner: HR/c.png, X4/d.png"),
        (
            "abcde",
            "a",
            "HR has 5 images and X4 has 1; without a partner: HR/b.png, HR/c.png, HR/d.png "
            "and 1 more",
        ),
    ],
)
def test_files_without_a_partner_are_named(tmp_path: Path, hr: str, lr: str, said: str) -> None:
    for name in hr:
        put(tmp_path / "HR" / f"{name}.png", 16, 12)
    for name in lr:
        put(tmp_path / "X4" / f"{name}.png", 4, 3)
    assert one_line(tmp_path) == f"{tmp_path}: {said}"


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((5, 3), "X4/b.png: 5x3 px, but HR/b.png of 16x12 px needs 4x3 at x4"),
        ((8, 6), "X4/b.png: 8x6 px, but HR/b.png of 16x12 px needs 4x3 at x4"),
        ((3, 4), "X4/b.png: 3x4 px, but HR/b.png of 16x12 px needs 4x3 at x4"),
    ],
    ids=["one column more", "those of X2", "turned"],
)
def test_lr_of_the_wrong_size_is_named_with_both_sizes(
    tmp_path: Path, size: tuple[int, int], said: str
) -> None:
    for name in "ab":
        put(tmp_path / "HR" / f"{name}.png", 16, 12)
    put(tmp_path / "X4" / "a.png", 4, 3)
    put(tmp_path / "X4" / "b.png", *size)
    assert one_line(tmp_path) == f"{tmp_path}: {said}"


def test_all_pairs_that_do_not_fit_are_in_one_line(tmp_path: Path) -> None:
    for name in "abcde":
        put(tmp_path / "HR" / f"{name}.png", 16, 12)
        put(tmp_path / "X4" / f"{name}.png", 8, 6)
    put_text(tmp_path / "X4" / "a.png")
    said = one_line(tmp_path)
    assert said.startswith(f"{tmp_path}: X4/a.png: not a PNG, JPEG, WebP, BMP or TIFF image; ")
    assert said.count(" px needs 4x3 at x4") == 2
    assert said.endswith("; and 2 more")


@pytest.mark.parametrize(
    ("folder", "number"), [("embedded:training", 4), ("embedded:validation", 2)]
)
def test_embedded_images_exist_and_are_rgb(folder: str, number: int) -> None:
    files = find_images(source(folder), 4)
    assert len(files.hr) == number
    assert files.lr is None
    for path in files.hr:
        image, note = read_rgb(path)
        assert min(image.shape[:2]) >= 300
        assert note == ""


def test_embedded_sets_share_no_image() -> None:
    training = find_images(source("embedded:training"), 4)
    validation = find_images(source("embedded:validation"), 4)
    assert not set(training.names) & set(validation.names)


def test_embedded_tiles_are_the_middle_of_the_validation_photographs() -> None:
    tiles = find_images(source("embedded:tiles"), 4)
    assert len(tiles.names) == len(set(tiles.names)) == 18
    assert tiles.names[:2] == ("chelsea-1-1", "chelsea-1-2")
    assert {path.stem for path in tiles.hr} == {"chelsea", "coffee"}
    whole, _ = read_rgb(tiles.hr[0])
    pairs = FolderPairs(source("embedded:tiles"), 4, "bicubic")
    top, left = (300 - 2 * 128) // 2, (451 - 3 * 128) // 2
    assert np.array_equal(pairs.hr(0), whole[top : top + 128, left : left + 128])
    assert np.array_equal(pairs.hr(4), whole[top + 128 :, left + 128 :][:128, :128])
    assert pairs.size_px(17) == (128, 128)
    assert pairs.lr(17).shape == (32, 32, 3)


def test_tiles_and_whole_photographs_are_packed_apart() -> None:
    tiles, whole = (find_images(source(f"embedded:{kind}"), 4) for kind in ("tiles", "validation"))
    assert fingerprint(tiles, 4, "bicubic") != fingerprint(whole, 4, "bicubic")
    # Also where the same files are repeated: the windows count, too.
    repeated = replace(tiles, windows=None)
    assert fingerprint(tiles, 4, "bicubic") != fingerprint(repeated, 4, "bicubic")
