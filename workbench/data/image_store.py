"""Packed images: decoded once, memory-mapped ever after. No torch at import.

The fingerprint in a store's name covers paths, sizes and times of the files, so a changed file is
packed anew; the content hash covers names and pixels, so a touched file changes no result. The
pixels are compared with their digests once in a process, before the first trial that needs them.
"""

import hashlib
from pathlib import Path

import numpy as np

from workbench.config.data import Degradation, ImageSource
from workbench.data.images import ImageError, summarize
from workbench.data.packing import (
    HR_FILE,
    LR_FILE,
    check_images,
    fingerprint,
    pack,
    read_manifest,
    remove_partial_stores,
)
from workbench.data.pairs import Pair, combine_digests, too_small
from workbench.data.sources import ImageFiles, find_images
from workbench.errors import DataError, writing_to
from workbench.system.digests import say_damaged
from workbench.system.locks import lock_beside, locked
from workbench.system.progress import Progress, silent

_checked: set[tuple[Path, int, int]] = set()
"""Stores whose pixels this process has compared with their digests, as of which change."""


class ImageStore:
    """`ImagePairs` in memory-mapped files; the arrays are read-only views of the maps.

    It pickles as its path, so worker processes can be handed one.
    """

    def __init__(self, place: Path, name: str) -> None:
        """Open a packed store; `open_store` packs it first where need be.

        Args:
            place: The folder that holds `manifest.json`.
            name: Name of the image source.

        Raises:
            DataError: If there is no whole store.
        """
        manifest = read_manifest(place)
        if manifest is None:
            raise DataError(f"{place} holds no packed images; run the command again to pack them")
        self._place = place
        self._manifest = manifest
        # np.asarray drops the subclass: views of a plain array are made much faster.
        self._hr = np.asarray(np.memmap(place / HR_FILE, dtype=np.uint8, mode="r"))
        self._lr = np.asarray(np.memmap(place / LR_FILE, dtype=np.uint8, mode="r"))
        self.name = name
        self.names = manifest.names
        self.scale = manifest.scale
        self.lr_origin = manifest.lr_origin
        self.content_hash = manifest.content_hash
        self.notes = manifest.notes

    def __reduce__(self) -> tuple[type["ImageStore"], tuple[Path, str]]:
        return ImageStore, (self._place, self.name)

    @property
    def place(self) -> Path:
        """Folder of the packed images."""
        return self._place

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.names)

    def size_px(self, index: int) -> tuple[int, int]:
        """Return (height, width) of the HR image."""
        return self._manifest.hr_sizes_px[index]

    def hr(self, index: int) -> np.ndarray:
        """Return uint8 RGB of shape (height, width, 3), cropped to a multiple of the scale."""
        height, width = self._manifest.hr_sizes_px[index]
        begin = self._manifest.hr_offsets[index]
        return self._hr[begin : begin + 3 * height * width].reshape(height, width, 3)

    def lr(self, index: int) -> np.ndarray:
        """Return uint8 RGB of shape (height // scale, width // scale, 3)."""
        height, width = (side // self.scale for side in self._manifest.hr_sizes_px[index])
        begin = self._manifest.hr_offsets[index] // self.scale**2
        return self._lr[begin : begin + 3 * height * width].reshape(height, width, 3)

    def pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the pixels of all LR and of all HR images, one after the other, flat uint8."""
        return self._lr, self._hr

    def begin(self, index: int) -> int:
        """Return where an image begins in the HR pixels; in those of LR at 1 / scale^2 of it."""
        return self._manifest.hr_offsets[index]

    def digest(self, index: int) -> str:
        """Return a hash over the name and the pixels of one image."""
        return self._manifest.digests[index]

    def is_intact(self) -> bool:
        """Compare every image with its digest, and name the files if one differs.

        Reads all of both files, one image at a time; a process does it once for each store.
        """
        changes = [(self._place / name).stat().st_mtime_ns for name in (HR_FILE, LR_FILE)]
        mark = (self._place, changes[0], changes[1])
        if mark in _checked:
            return True
        damaged = self._damaged_image()
        if damaged is None and combine_digests(self._manifest.digests) == self.content_hash:
            _checked.add(mark)
            return True
        where = "the content hash" if damaged is None else f"image {damaged!r}"
        file, other = self._damaged_file()
        say_damaged(self._place / file, f"{where} does not match its digest{other}")
        return False

    def _damaged_file(self) -> tuple[str, str]:
        """Return the file of pixels that is damaged, and what to add if that is not known."""
        for name, expected in self._manifest.files.items():
            with (self._place / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                    return name, ""
        return HR_FILE, f", here or in {LR_FILE} beside it"

    def _damaged_image(self) -> str | None:
        """Return the name of the first image that is not as it was packed."""
        for index, name in enumerate(self.names):
            try:
                found = Pair(name, self.hr(index), self.lr(index), ()).digest()
            except (IndexError, ValueError):  # places or sizes of a manifest without a digest
                return name
            if found != self.digest(index):
                return name
        return None


def open_store(
    source: ImageSource,
    scale: int,
    degradation: Degradation,
    *,
    folder: Path,
    smallest_hr_px: int = 1,
    progress: Progress = silent,
    check: bool = True,
) -> ImageStore:
    """Open the packed images of a source, packing them first where need be.

    Several processes may ask at once: one packs, the others wait.

    Args:
        source: A folder or an embedded set.
        scale: 2, 3 or 4.
        degradation: Makes LR where the source has none.
        folder: Where stores are kept.
        smallest_hr_px: Least height and width of HR, after cropping to a multiple of the scale.
        progress: Called for each image that is checked and packed.
        check: Compare the pixels of a store that is there with their digests, once in a process.
            A damaged store is named and packed again.

    Raises:
        DataError: For images that cannot be used, all of them in one line.
        StoreError: If `folder` cannot be written.
    """
    files = find_images(source, scale)
    # Absolute, as a worker that unpickles the store may stand in another folder.
    place = folder.absolute() / fingerprint(files, scale, degradation)

    def is_packed() -> bool:
        return read_manifest(place) is not None and (
            not check or ImageStore(place, source.name).is_intact()
        )

    if not is_packed():
        with writing_to(folder):
            folder.mkdir(parents=True, exist_ok=True)
            remove_partial_stores(folder)
            with locked(lock_beside(place)):
                if not is_packed():  # another process may have packed it meanwhile
                    check_images(files, scale, smallest_hr_px, progress)
                    pack(files, scale, degradation, place, progress)
    store = ImageStore(place, source.name)
    _check_sizes(store, files, smallest_hr_px)
    return store


def _check_sizes(store: ImageStore, files: ImageFiles, smallest_hr_px: int) -> None:
    """A store that was packed for smaller patches may hold images that are too small now."""
    problems: list[DataError] = []
    for index, path in enumerate(files.hr):
        problem = too_small(store.size_px(index), smallest_hr_px)
        if problem:
            problems.append(ImageError(path, problem))
    if problems:
        raise DataError(summarize(problems, files.folder))


def known_content_hash(
    source: ImageSource, scale: int, degradation: Degradation, folder: Path
) -> str | None:
    """Return the content hash of images that are packed already; None if they are not.

    Decodes nothing and loads no torch.

    Args:
        source: A folder or an embedded set.
        scale: 2, 3 or 4.
        degradation: Makes LR where the source has none.
        folder: Where stores are kept.

    Raises:
        DataError: See `find_images`.
    """
    files = find_images(source, scale)
    manifest = read_manifest(folder / fingerprint(files, scale, degradation))
    return manifest.content_hash if manifest else None
