"""Pairs of HR and LR images: what evaluation and packing read. No torch at import."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workbench.config.data import Degradation, ImageSource
from workbench.data.bicubic import crop_to_multiple, downscale
from workbench.data.images import ImageError, image_size, merge_notes, read_rgb
from workbench.data.sources import ImageFiles, find_images
from workbench.system.digests import sha256

GIVEN = "given"
"""`lr_origin` of LR files that came with the set."""


class ImagePairs(Protocol):
    """A named sequence of images, each in HR and LR; both RGB, and HR = scale * LR in size."""

    @property
    def name(self) -> str:
        """Name of the image source."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each image: the stem of its HR file."""

    @property
    def scale(self) -> int:
        """HR px per LR px."""

    @property
    def lr_origin(self) -> str:
        """`given` for LR files that came with the set, otherwise the degradation."""

    @property
    def content_hash(self) -> str:
        """Hash over the names and the decoded HR and LR pixels of all images."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was converted while reading, such as grey images."""

    def __len__(self) -> int:
        """Return the number of images."""

    def size_px(self, index: int) -> tuple[int, int]:
        """Return (height, width) of the HR image."""

    def hr(self, index: int) -> np.ndarray:
        """Return uint8 RGB of shape (height, width, 3), cropped to a multiple of the scale."""

    def lr(self, index: int) -> np.ndarray:
        """Return uint8 RGB of shape (height // scale, width // scale, 3)."""

    def digest(self, index: int) -> str:
        """Return a hash over the name and the pixels of one image."""


@dataclass(frozen=True)
class Pair:
    """One image, read and cropped."""

    name: str
    hr: np.ndarray
    """uint8 (height, width, 3), both sides multiples of the scale."""
    lr: np.ndarray
    """uint8 (height // scale, width // scale, 3)."""
    notes: tuple[str, ...]

    def digest(self) -> str:
        """Return a hash over the name, the sizes and the pixels."""
        digest = hashlib.sha256(self.name.encode())
        for image in (self.hr, self.lr):
            digest.update(f"\0{image.shape}\0".encode())
            digest.update(np.ascontiguousarray(image).data)
        return digest.hexdigest()


def lr_origin(files: ImageFiles, degradation: Degradation) -> str:
    """Return `given` where the LR files came with the set, otherwise the degradation."""
    return degradation if files.lr is None else GIVEN


def read_pair(files: ImageFiles, index: int, scale: int, degradation: Degradation) -> Pair:
    """Read one image and its LR file, or make the LR image.

    Raises:
        ImageError: For a file that cannot be used, or a pair that does not fit.
    """
    hr, note = read_hr(files, index, scale)
    name = files.names[index]
    if files.lr is None:
        return Pair(name, hr, downscale(hr, scale, degradation), (note,))
    lr, lr_note = read_rgb(files.lr[index])
    if (lr.shape[0] * scale, lr.shape[1] * scale) != hr.shape[:2]:
        raise ImageError(files.lr[index], f"does not fit its HR file {files.hr[index]}")
    return Pair(name, hr, lr, (note, lr_note))


def read_hr(files: ImageFiles, index: int, scale: int) -> tuple[np.ndarray, str]:
    """Read one HR image and crop it to a multiple of `scale`; see `read_rgb`.

    Raises:
        ImageError: For a file that cannot be used.
    """
    path = files.hr[index]
    hr, note = read_rgb(path)
    if files.windows is not None:
        window = files.windows[index]
        bottom, right = window.top + window.side_px, window.left + window.side_px
        hr = hr[window.top : bottom, window.left : right]
    problem = too_small(hr.shape[:2], 2 * scale)
    if problem:
        raise ImageError(path, problem)
    return np.ascontiguousarray(crop_to_multiple(hr, scale)), note


def too_small(size: tuple[int, ...], smallest_px: int) -> str:
    """Return what is wrong with an HR image of (height, width) px; empty if nothing is."""
    if min(size) >= smallest_px:
        return ""
    return f"{size[1]}x{size[0]} px, but at least {smallest_px}x{smallest_px} px are needed"


def combine_digests(digests: Iterable[str]) -> str:
    """Return the content hash of images with these digests, in this order."""
    return sha256("\n".join(digests))


class FolderPairs:
    """`ImagePairs` read from their files on access; nothing is packed or written.

    The image read last is kept, so that asking for its HR and its LR reads it once.
    `content_hash` reads the images that were not read before.
    """

    def __init__(
        self, source: ImageSource, scale: int, degradation: Degradation, *, recursive: bool = False
    ) -> None:
        """Find the files.

        Args:
            source: A folder or an embedded set.
            scale: 2, 3 or 4.
            degradation: Makes LR where the source has no LR files of this scale.
            recursive: Also the images of subfolders.

        Raises:
            DataError: See `find_images`.
        """
        self.files = find_images(source, scale, recursive=recursive)
        self._degradation = degradation
        self._last: tuple[int, Pair] | None = None
        self._digests: dict[int, str] = {}
        self._notes: dict[int, tuple[str, ...]] = {}
        self.name = source.name
        self.names = self.files.names
        self.scale = scale
        self.lr_origin = lr_origin(self.files, degradation)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.names)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was converted in the images read so far."""
        notes = (note for index in sorted(self._notes) for note in self._notes[index])
        return merge_notes((self.files.note, *notes))

    @property
    def content_hash(self) -> str:
        """Hash over the names and the decoded pixels of all images."""
        return combine_digests(self.digest(index) for index in range(len(self)))

    def size_px(self, index: int) -> tuple[int, int]:
        """Return (height, width) of the HR image, from the header of its file.

        Raises:
            ImageError: For a file that is no image.
        """
        windows = self.files.windows
        if windows is not None:
            height = width = windows[index].side_px
        else:
            height, width = image_size(self.files.hr[index])
        return height // self.scale * self.scale, width // self.scale * self.scale

    def hr(self, index: int) -> np.ndarray:
        """Return uint8 RGB of shape (height, width, 3), cropped to a multiple of the scale.

        Raises:
            ImageError: For a file that cannot be used.
        """
        return self._pair(index).hr

    def lr(self, index: int) -> np.ndarray:
        """Return uint8 RGB of shape (height // scale, width // scale, 3).

        Raises:
            ImageError: For a file that cannot be used.
        """
        return self._pair(index).lr

    def digest(self, index: int) -> str:
        """Return a hash over the name and the pixels of one image."""
        if index not in self._digests:
            self._pair(index)
        return self._digests[index]

    def _pair(self, index: int) -> Pair:
        if self._last is None or self._last[0] != index:
            pair = read_pair(self.files, index, self.scale, self._degradation)
            self._last = (index, pair)
            self._digests[index] = pair.digest()
            self._notes[index] = pair.notes
        return self._last[1]
