"""The format of packed images, and how they are packed. No torch at import.

A store is a folder `<fingerprint>/` with `hr.u8` and `lr.u8` (uint8 RGB, image after image) and
`manifest.json`. It is built as `<fingerprint>.partial` and renamed when it is whole and on the
disk, so whatever has the right name is a store. Stores can be deleted at any time.
"""

import hashlib
import itertools
import math
import os
import shutil
from pathlib import Path
from typing import BinaryIO

from pydantic import Field, ValidationError

from workbench.config.base import Frozen
from workbench.config.data import Degradation
from workbench.data.images import ImageError, merge_notes, read_rgb, summarize
from workbench.data.pairs import (
    combine_digests,
    lr_origin,
    read_hr,
    read_pair,
    too_small,
)
from workbench.data.sources import ImageFiles
from workbench.errors import DataError
from workbench.system.digests import DamagedError, say_damaged, seal_json, unseal_json
from workbench.system.locks import LockHeldError, lock_beside, locked
from workbench.system.progress import Progress

FORMAT_VERSION = 1
"""Raise it when other bytes are to be packed from the same files (layout, bicubic, decoding)."""
HR_FILE, LR_FILE = "hr.u8", "lr.u8"
_MANIFEST = "manifest.json"


class Manifest(Frozen):
    """What a store holds."""

    names: tuple[str, ...]
    hr_sizes_px: tuple[tuple[int, int], ...]
    """(height, width) of each HR image; both sides of LR are `scale` times smaller."""
    hr_offsets: tuple[int, ...]
    """Offset in bytes of each image in `hr.u8`; in `lr.u8` it is `scale` squared times less."""
    digests: tuple[str, ...]
    """Hash over name and pixels of each image."""
    content_hash: str
    scale: int
    lr_origin: str
    notes: tuple[str, ...]
    files: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of each file of pixels, by which a damaged one is named; empty in older stores."""
    format_version: int = FORMAT_VERSION

    @property
    def hr_bytes(self) -> int:
        """Size of `hr.u8`."""
        return sum(3 * math.prod(size) for size in self.hr_sizes_px)


def read_manifest(place: Path) -> Manifest | None:
    """Return the manifest of a whole store, or None where there is none or it is damaged.

    The pixels are not read: see `ImageStore.damage`.
    """
    path = place / _MANIFEST
    try:
        manifest = Manifest.model_validate_json(unseal_json(path.read_bytes()))
        sizes = [(place / name).stat().st_size for name in (HR_FILE, LR_FILE)]
    except OSError:
        return None
    except (DamagedError, ValidationError) as damage:
        say_damaged(path, damage if isinstance(damage, DamagedError) else "no manifest")
        return None
    if manifest.format_version != FORMAT_VERSION:
        return None
    wanted = (manifest.hr_bytes, manifest.hr_bytes // manifest.scale**2)
    for name, size, whole in zip((HR_FILE, LR_FILE), sizes, wanted, strict=True):
        if size != whole:
            say_damaged(place / name, f"must have {whole:,} bytes, got {size:,}")
            return None
    return manifest


def fingerprint(files: ImageFiles, scale: int, degradation: Degradation) -> str:
    """Return the name of the store of `files`: 32 hexadecimal digits.

    It covers path, size and time of change of every file, the scale, where LR comes from and the
    format version.

    Raises:
        DataError: For a file that is not there any more.
    """
    digest = hashlib.sha256(f"{FORMAT_VERSION}\0{scale}\0{lr_origin(files, degradation)}".encode())
    for path in (*files.hr, *(files.lr or ())):
        try:
            stat = path.stat()
        except OSError as error:
            raise ImageError(path, f"cannot be read: {error.strerror}") from error
        digest.update(os.fsencode(path) + f"\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    if files.windows is not None:
        digest.update(repr(files.windows).encode())
    return digest.hexdigest()[:32]


def check_images(files: ImageFiles, scale: int, smallest_hr_px: int, progress: Progress) -> None:
    """Decode every file once, so that all bad images are known before anything is packed.

    Args:
        files: What to read.
        scale: 2, 3 or 4.
        smallest_hr_px: Least height and width of HR, after cropping to a multiple of the scale.
        progress: Called for each image; the total is twice their number, as packing follows.

    Raises:
        DataError: One line with the first three bad images and the number of the others.
    """
    problems: list[DataError] = []
    for index, path in enumerate(files.hr):
        try:
            hr, _ = read_hr(files, index, scale)
            problem = too_small(hr.shape[:2], smallest_hr_px)
            if problem:
                raise ImageError(path, problem)
            if files.lr is not None:
                read_rgb(files.lr[index])
        except ImageError as error:
            problems.append(error)
        progress(index + 1, 2 * len(files.hr), path.name)
    if problems:
        raise DataError(summarize(problems, files.folder))


def pack(
    files: ImageFiles, scale: int, degradation: Degradation, place: Path, progress: Progress
) -> None:
    """Pack `files` into the folder `place`, which appears when everything is written.

    To be called with the lock of `place` held. Images are streamed: no more than one is in memory.

    Raises:
        OSError: Where writing failed; nothing is left behind.
        DataError: Where a file changed since it was checked.
    """
    partial = place.with_name(f"{place.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)  # Of a builder killed while this one waited.
        partial.mkdir()
        manifest = _write_images(files, scale, degradation, partial, progress)
        with (partial / _MANIFEST).open("wb") as file:
            file.write(seal_json(manifest.plain(), indent=None))
            _sync_file(file)
        if fingerprint(files, scale, degradation) != place.name:
            raise DataError(f"{files.folder}: images changed while they were packed; run it again")
        _sync_folder(partial)
        shutil.rmtree(place, ignore_errors=True)  # One that `read_manifest` found damaged.
        partial.rename(place)
        _sync_folder(place.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def remove_partial_stores(folder: Path) -> None:
    """Remove what killed builders left in `folder`; those still at work hold their lock."""
    for partial in folder.glob("*.partial"):
        try:
            with locked(lock_beside(partial.with_suffix("")), timeout_s=0):
                shutil.rmtree(partial, ignore_errors=True)
        except LockHeldError:
            continue


def _write_images(
    files: ImageFiles, scale: int, degradation: Degradation, partial: Path, progress: Progress
) -> Manifest:
    """Write `hr.u8` and `lr.u8` and return what they hold."""
    sizes: list[tuple[int, int]] = []
    digests: list[str] = []
    notes = [files.note]
    whole = {HR_FILE: hashlib.sha256(), LR_FILE: hashlib.sha256()}
    with (partial / HR_FILE).open("wb") as hr_file, (partial / LR_FILE).open("wb") as lr_file:
        for index, path in enumerate(files.hr):
            pair = read_pair(files, index, scale, degradation)
            hr_file.write(pair.hr.data)
            lr_file.write(pair.lr.data)
            whole[HR_FILE].update(pair.hr.data)
            whole[LR_FILE].update(pair.lr.data)
            sizes.append((pair.hr.shape[0], pair.hr.shape[1]))
            digests.append(pair.digest())
            notes.extend(pair.notes)
            progress(len(files.hr) + index + 1, 2 * len(files.hr), path.name)
        _sync_file(hr_file)
        _sync_file(lr_file)
    lengths = [3 * math.prod(size) for size in sizes]
    return Manifest(
        names=files.names,
        hr_sizes_px=tuple(sizes),
        hr_offsets=tuple(itertools.accumulate(lengths[:-1], initial=0)),
        digests=tuple(digests),
        content_hash=combine_digests(digests),
        scale=scale,
        lr_origin=lr_origin(files, degradation),
        notes=merge_notes(notes),
        files={name: digest.hexdigest() for name, digest in whole.items()},
    )


def _sync_file(file: BinaryIO) -> None:
    """Wait until what was written is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Wait until the names in `folder` are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
