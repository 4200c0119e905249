"""Stores that were packed before: seen from another folder, asked for larger patches."""

import pickle
from pathlib import Path

import pytest

from workbench.config.data import ImageSource
from workbench.data.image_store import ImageStore, open_store
from workbench.errors import DataError


def opened(folder: Path, stores: Path, smallest_hr_px: int = 1) -> ImageStore:
    source = ImageSource(name="Set", folder=str(folder))
    return open_store(source, 4, "bicubic", folder=stores, smallest_hr_px=smallest_hr_px)


def test_a_store_of_a_relative_folder_opens_in_a_worker_that_stands_elsewhere(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = opened(photos, Path("stores"))
    pickled = pickle.dumps(store)
    monkeypatch.chdir("/")
    again: ImageStore = pickle.loads(pickled)
    assert again.content_hash == store.content_hash
    assert (again.hr(3) == store.hr(3)).all()


def test_all_packed_images_that_are_too_small_now_are_in_one_line(
    photos: Path, tmp_path: Path
) -> None:
    opened(photos, tmp_path)
    rule = "64x64 px, but at least 96x96 px are needed"
    named = "; ".join(f"photo{number}.png: {rule}" for number in range(3))
    with pytest.raises(DataError, match=f"^{photos}: {named}; and 1 more$"):
        opened(photos, tmp_path, smallest_hr_px=96)
