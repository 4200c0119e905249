"""Packed images: packed once, whole or not at all, whatever happens meanwhile."""

import errno
import json
import os
import pickle
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.config.data import Degradation, ImageSource
from workbench.data import image_store
from workbench.data.image_store import ImageStore, known_content_hash, open_store
from workbench.data.packing import fingerprint, remove_partial_stores
from workbench.data.pairs import FolderPairs
from workbench.data.sources import find_images
from workbench.errors import DataError, StoreError
from workbench.system.progress import Progress, silent

SIZES = ((40, 52), (33, 47), (64, 35))
"""(height, width) px."""

OPENER = """
import os, sys, time
from pathlib import Path
from workbench.config.data import ImageSource
from workbench.data.image_store import open_store

images, stores, slow = sys.argv[1:]

def progress(done, total, what):
    print(done, total, os.getpid(), flush=True)
    if slow == "forever" and done == total:
        time.sleep(600)
    time.sleep(0.02)

source = ImageSource(name="photos", folder=images)
store = open_store(source, 4, "bicubic", folder=Path(stores), progress=progress)
print(store.content_hash, flush=True)
"""
"""Opens a store in a process of its own, or stops just before its end."""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number, size in enumerate(SIZES):
        pixels = generator.integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"image{number}.png")
    return folder


@pytest.fixture
def paired(images: Path, tmp_path: Path) -> Path:
    """Return a set with LR files: packing it loads no torch, which keeps processes quick."""
    folder = tmp_path / "paired"
    (folder / "X4").mkdir(parents=True)
    images.rename(folder / "HR")
    for number, (height, width) in enumerate(SIZES):
        Image.new("RGB", (width // 4, height // 4)).save(folder / "X4" / f"image{number}.png")
    return folder


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "packed"


def source(folder: Path) -> ImageSource:
    return ImageSource(name="photos", folder=str(folder))


def open_x4(
    images: Path, stores: Path, smallest_hr_px: int = 1, progress: Progress = silent
) -> ImageStore:
    return open_store(
        source(images),
        4,
        "bicubic",
        folder=stores,
        smallest_hr_px=smallest_hr_px,
        progress=progress,
    )


def manifests(stores: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in stores.glob("*/manifest.json")}


def folders(stores: Path) -> list[Path]:
    return [path for path in stores.glob("*") if path.is_dir()]


def start_opening(images: Path, stores: Path, slow: str = "") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", OPENER, str(images), str(stores), slow],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: "subprocess.Popen[str]", begin: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(begin):
            return
    raise AssertionError(f"ended before it printed {begin!r}")


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.mark.parametrize("degradation", ["bicubic", "bicubic-uint8"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_store_holds_what_the_folder_holds(
    images: Path, stores: Path, scale: int, degradation: Degradation
) -> None:
    pairs = FolderPairs(source(images), scale, degradation)
    store = open_store(source(images), scale, degradation, folder=stores)
    assert (store.name, store.names) == ("photos", ("image0", "image1", "image2"))
    assert (store.name, store.names, len(store)) == (pairs.name, pairs.names, len(pairs))
    assert (store.scale, store.lr_origin) == (scale, degradation)
    assert (store.scale, store.lr_origin) == (pairs.scale, pairs.lr_origin)
    for index, (height, width) in enumerate(SIZES):
        assert store.size_px(index) == (height // scale * scale, width // scale * scale)
        assert store.size_px(index) == pairs.size_px(index)
        assert store.hr(index).shape == (*store.size_px(index), 3)
        assert np.array_equal(store.hr(index), pairs.hr(index))
        assert np.array_equal(store.lr(index), pairs.lr(index))
        assert store.digest(index) == pairs.digest(index)
    assert store.content_hash == pairs.content_hash
    assert store.notes == pairs.notes == ()


def test_given_lr_files_are_packed(tmp_path: Path, stores: Path) -> None:
    for folder, size in (("HR", (40, 36)), ("X4", (10, 9))):
        (tmp_path / "set" / folder).mkdir(parents=True)
        grey = Image.fromarray(np.full((size[1], size[0]), 99, dtype=np.uint8))
        grey.save(tmp_path / "set" / folder / "a.png")
    store = open_x4(tmp_path / "set", stores)
    pairs = FolderPairs(source(tmp_path / "set"), 4, "bicubic")
    assert store.lr_origin == pairs.lr_origin == "given"
    assert np.array_equal(store.lr(0), np.full((9, 10, 3), 99))
    assert store.content_hash == pairs.content_hash
    assert store.notes == pairs.notes == ("a.png: grey, read as three equal channels",)


def test_arrays_are_read_only(images: Path, stores: Path) -> None:
    store = open_x4(images, stores)
    for array in (store.hr(1), store.lr(1)):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 1


def test_a_store_pickles_as_its_path(images: Path, stores: Path) -> None:
    store = open_x4(images, stores)
    content = pickle.dumps(store)
    again = pickle.loads(content)
    assert len(content) < 1000
    assert (again.name, again.content_hash) == (store.name, store.content_hash)
    assert np.array_equal(again.hr(2), store.hr(2))


def test_images_are_packed_once(images: Path, stores: Path) -> None:
    first = open_x4(images, stores)
    before = manifests(stores)
    called: list[tuple[int, int, str]] = []
    second = open_x4(images, stores, progress=lambda *what: called.append(what))
    assert manifests(stores) == before
    assert len(before) == 1
    assert second.content_hash == first.content_hash
    assert called == []


def test_progress_counts_checks_and_packing(images: Path, stores: Path) -> None:
    told: list[tuple[int, int, str]] = []
    open_x4(images, stores, progress=lambda *what: told.append(what))
    names = [f"image{number}.png" for number in (0, 1, 2, 0, 1, 2)]
    assert told == [(number, 6, name) for number, name in enumerate(names, start=1)]


def test_scales_and_degradations_have_stores_of_their_own(images: Path, stores: Path) -> None:
    wanted: list[tuple[int, Degradation]] = [(2, "bicubic"), (4, "bicubic"), (4, "bicubic-uint8")]
    hashes = {
        open_store(source(images), scale, degradation, folder=stores).content_hash
        for scale, degradation in wanted
    }
    assert len(hashes) == len(folders(stores)) == 3


def test_touching_a_file_changes_no_hash(images: Path, stores: Path) -> None:
    before = open_x4(images, stores).content_hash
    os.utime(images / "image1.png", ns=(1, 1))
    assert known_content_hash(source(images), 4, "bicubic", stores) is None
    assert open_x4(images, stores).content_hash == before


@pytest.mark.parametrize("change", ["pixel", "name", "added", "removed"])
def test_a_change_of_the_images_changes_the_hash(images: Path, stores: Path, change: str) -> None:
    before = open_x4(images, stores)
    digests = [before.digest(index) for index in range(3)]
    path = images / "image1.png"
    if change == "pixel":
        with Image.open(path) as image:
            image.load()
            red, green, blue = image.getpixel((5, 5))  # type: ignore[misc]
            image.putpixel((5, 5), (red ^ 1, green, blue))
            image.save(path)
        os.utime(path, ns=(1, 1))
    elif change == "name":
        path.rename(images / "image1b.png")
    elif change == "added":
        (images / "image3.png").write_bytes(path.read_bytes())
    else:
        path.unlink()
    after = open_x4(images, stores)
    assert after.content_hash != before.content_hash
    assert len(folders(stores)) == 2
    kept = set(digests) & {after.digest(index) for index in range(len(after))}
    assert kept == ({*digests} if change == "added" else {digests[0], digests[2]})


def test_all_bad_images_are_in_one_line_before_anything_is_written(
    images: Path, stores: Path
) -> None:
    (images / "bad0.png").write_text("no image")
    (images / "bad1.png").write_bytes(b"")
    (images / "bad2.png").write_bytes((images / "image0.png").read_bytes()[:900])
    Image.new("CMYK", (40, 40)).save(images / "bad3.jpg")
    written: list[Path] = []
    with pytest.raises(DataError, match=f"^{re.escape(str(images))}: bad0") as caught:
        open_x4(images, stores, progress=lambda *_: written.extend(folders(stores)))
    assert str(caught.value) == (
        f"{images}: bad0.png: not a PNG, JPEG, WebP, BMP or TIFF image; bad1.png: an empty file; "
        "bad2.png: cannot be read: image file is truncated; and 1 more"
    )
    assert written == []
    assert folders(stores) == []


def test_a_bad_lr_file_is_named(tmp_path: Path, stores: Path) -> None:
    for folder, size, mode in (("HR", (40, 36), "RGB"), ("X4", (10, 9), "RGBA")):
        (tmp_path / "set" / folder).mkdir(parents=True)
        Image.new(mode, size).save(tmp_path / "set" / folder / "a.png")
    with pytest.raises(DataError, match=r"set: X4/a\.png: transparent pixels; only opaque"):
        open_x4(tmp_path / "set", stores)


@pytest.mark.parametrize("packed_before", [False, True])
def test_images_below_the_smallest_are_refused(
    images: Path, stores: Path, packed_before: bool
) -> None:
    if packed_before:
        open_x4(images, stores)
    with pytest.raises(
        DataError, match=r"images: image1(\.png)?: 44x32 px, but at least 36x36 px are needed"
    ):
        open_x4(images, stores, smallest_hr_px=36)
    assert len(folders(stores)) == packed_before
    assert len(open_x4(images, stores, smallest_hr_px=32)) == 3


def test_an_image_too_small_for_bicubic_is_refused(images: Path, stores: Path) -> None:
    Image.new("RGB", (40, 7)).save(images / "flat.png")
    with pytest.raises(DataError, match=r"flat\.png: 40x7 px, but at least 8x8 px are needed$"):
        open_x4(images, stores)


@pytest.mark.parametrize("damage", ["manifest", "short", "gone", "version"])
def test_a_damaged_store_is_packed_anew(images: Path, stores: Path, damage: str) -> None:
    before = open_x4(images, stores)
    (place,) = folders(stores)
    if damage == "manifest":
        (place / "manifest.json").write_text('{"names": ["a"]')
    elif damage == "version":
        content = json.loads((place / "manifest.json").read_text())
        (place / "manifest.json").write_text(json.dumps({**content, "format_version": 0}))
    elif damage == "short":
        os.truncate(place / "lr.u8", 100)
    else:
        (place / "hr.u8").unlink()
    with pytest.raises(DataError, match="holds no packed images; run the command again"):
        ImageStore(place, "photos")
    assert known_content_hash(source(images), 4, "bicubic", stores) is None
    after = open_x4(images, stores)
    assert after.content_hash == before.content_hash
    assert np.array_equal(after.lr(2), FolderPairs(source(images), 4, "bicubic").lr(2))
    assert folders(stores) == [place]


def test_images_that_change_while_they_are_packed_leave_no_store(
    images: Path, stores: Path
) -> None:
    def touch(done: int, total: int, what: str) -> None:
        if done == total:
            os.utime(images / "image0.png", ns=(1, 1))

    with pytest.raises(DataError, match="images: images changed while they were packed; run it"):
        open_x4(images, stores, progress=touch)
    assert folders(stores) == []


def test_three_processes_pack_one_store(paired: Path, stores: Path) -> None:
    processes = [start_opening(paired, stores) for _ in range(3)]
    printed = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], printed
    lines = [out.splitlines() for out, _ in printed]
    expected = FolderPairs(source(paired), 4, "bicubic").content_hash
    assert [line[-1] for line in lines] == [expected] * 3
    assert len(folders(stores)) == 1
    # One of them packed; the others waited or came late.
    assert sorted(len(line) for line in lines) == [1, 1, 7]


def test_killed_packing_leaves_no_store_and_the_next_open_cleans_up(
    paired: Path, stores: Path, tmp_path: Path
) -> None:
    process = start_opening(paired, stores, "forever")
    read_until(process, "6 6")
    kill(process)
    assert manifests(stores) == {}
    assert known_content_hash(source(paired), 4, "bicubic", stores) is None
    (partial,) = folders(stores)
    assert partial.suffix == ".partial"
    # Opening something else cleans up as well.
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (40, 40)).save(other / "a.png")
    open_x4(other, stores)
    assert not partial.exists()
    assert len(open_x4(paired, stores)) == 3
    assert len(folders(stores)) == 2


def test_who_waits_for_a_packer_that_is_killed_packs_itself(
    images: Path, stores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = stores / f"{fingerprint(find_images(source(images), 4), 4, 'bicubic')}.partial"

    def remove_before_another_begins_and_is_killed(folder: Path) -> None:
        remove_partial_stores(folder)
        partial.mkdir()
        (partial / "hr.u8").write_bytes(bytes(10**5))

    monkeypatch.setattr(
        image_store, "remove_partial_stores", remove_before_another_begins_and_is_killed
    )
    store = open_x4(images, stores)
    assert store.content_hash == FolderPairs(source(images), 4, "bicubic").content_hash
    assert not partial.exists()


def test_a_partial_store_at_work_is_left_alone(images: Path, stores: Path) -> None:
    seen: list[bool] = []

    def look(done: int, total: int, what: str) -> None:
        if done == total:
            other = start_removing(stores)
            assert other == 0
            seen.append(any(stores.glob("*.partial")))

    assert len(open_x4(images, stores, progress=look)) == 3
    assert seen == [True]


def start_removing(stores: Path) -> int:
    program = (
        "import sys; from pathlib import Path; "
        "from workbench.data.packing import remove_partial_stores as remove; "
        "remove(Path(sys.argv[1]))"
    )
    return subprocess.run([sys.executable, "-c", program, str(stores)], check=False).returncode


def test_a_partial_store_of_nobody_is_removed(stores: Path) -> None:
    (stores / "0123.partial").mkdir(parents=True)
    (stores / "0123.partial" / "hr.u8").write_bytes(b"1")
    remove_partial_stores(stores)
    assert folders(stores) == []


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_nothing(
    images: Path, stores: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    calls: list[int] = []
    fsync = os.fsync

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            StoreError,
            match=f"^cannot write to the store {re.escape(str(stores))}: no space is left on its",
        ):
            open_x4(images, stores)
    assert len(calls) == call
    assert folders(stores) == []
    assert len(open_x4(images, stores)) == 3


def test_a_file_in_the_place_of_the_folder_is_named(images: Path, stores: Path) -> None:
    stores.parent.write_text("no folder")
    with pytest.raises(StoreError, match=f"{re.escape(str(stores))}: a file stands where a folder"):
        open_x4(images, stores)


def test_a_file_that_vanishes_is_named(images: Path, stores: Path) -> None:
    (images / "image9.png").symlink_to(images / "gone.png")
    with pytest.raises(DataError, match=r"image9\.png: cannot be read: No such file"):
        open_x4(images, stores)


def test_the_hash_of_packed_images_is_known_without_torch(images: Path, stores: Path) -> None:
    content_hash = open_x4(images, stores).content_hash
    program = (
        "import sys; from pathlib import Path\n"
        "from workbench.config.data import ImageSource\n"
        "from workbench.data.image_store import known_content_hash\n"
        "source = ImageSource(name='photos', folder=sys.argv[1])\n"
        "print(known_content_hash(source, 4, 'bicubic', Path(sys.argv[2])))\n"
        "embedded = ImageSource(name='embedded', folder='embedded:training')\n"
        "print(known_content_hash(embedded, 4, 'bicubic', Path(sys.argv[2])))\n"
        "print(sorted({'torch', 'skimage', 'piq', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(images), str(stores)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [content_hash, "None", "[]"]
