"""Which image files a folder holds, with or without its subfolders. No torch."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")

_LR_AT_A_SCALE = re.compile(r"x[2-8]", re.IGNORECASE)
"""Names that mean LR images wherever the folder lies: `X4`."""
_LR = re.compile(r"lr(?![a-z])|lr[-_]?bic", re.IGNORECASE)
"""Beginnings of names that mean LR images beside a folder of HR images: `LR`, `LRbicx4`."""
_HR = re.compile(r"(hr|gt)(?![a-z])|gtmod", re.IGNORECASE)
_MOST_FOLDERS = 1_000
"""Subfolders that are searched for images before a message is written."""
_NAMED = 3


def list_images(folder: Path, *, recursive: bool = False) -> tuple[Path, ...]:
    """Return the image files in `folder` by name; hidden files and other kinds are left out.

    Args:
        folder: A folder.
        recursive: Also those in its subfolders, which are not hidden, by path.

    Raises:
        DataError: For a folder that is missing, no folder, unreadable or without images, for two
            images of one name, and for names that are not UTF-8.
    """
    try:
        images = list(_walk(folder)) if recursive else _images_in(folder)
    except FileNotFoundError:
        raise DataError(f"image folder {folder} does not exist") from None
    except NotADirectoryError:
        raise DataError(f"image folder {folder} is a file, not a folder") from None
    except OSError as error:
        raise DataError(f"image folder {folder} cannot be read: {error.strerror}") from error
    if not images:
        kinds = " ".join(suffix[1:] for suffix in SUFFIXES)
        nothing = f"image folder {folder} holds no images ({kinds}) and no folder HR"
        raise DataError(f"{nothing}{_hint(folder)}")
    seen: dict[str, str] = {}
    for path in images:
        name = str(path.relative_to(folder))
        if not _is_utf8(name):
            raise DataError(f"{folder}: the file name {name!a} is not UTF-8; rename it")
        stem = image_name(path, folder)
        if stem in seen:
            raise DataError(f"{folder}: two images of one name: {seen[stem]} and {name}")
        seen[stem] = name
    return tuple(images)


def image_name(path: Path, folder: Path) -> str:
    """Return the name of an image: its path below `folder` without the ending, such as `a/0001`."""
    return path.relative_to(folder).with_suffix("").as_posix()


def is_folder(path: Path) -> bool:
    """`Path.is_dir`, which raises for what may not be looked at and for names too long.

    Raises:
        DataError: Naming the folder.
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise DataError(f"image folder {path.parent} cannot be read: {error.strerror}") from error


def refuse_lr(folder: Path) -> None:
    """Refuse a folder of LR images where HR images are needed.

    A folder called `X2` to `X8`, and one called `LR` or the like beside a folder `HR`, also behind
    a link.

    Raises:
        DataError: Naming the folder and the one to give instead.
    """
    for place in dict.fromkeys((folder, folder.resolve())):
        hr = _hr_beside(place)
        if _LR_AT_A_SCALE.fullmatch(place.name) or (_LR.match(place.name) and hr):
            instead = "such a name means LR images, and there is no folder HR beside it"
            if hr is not None:
                instead = f"give {hr.parent} or {hr}" if hr.name == "HR" else f"give {hr}"
            raise DataError(
                f"image folder {folder} holds LR images, but HR images are needed: {instead}"
            )


def left_out(folder: Path) -> str:
    """Say which subfolders hold images that are not read; empty if none does."""
    names = [
        name for name in _subfolders(folder) if any(map(_is_image_name, _files(folder / name)))
    ]
    return f"{_listed(names)}: subfolders with images, which are not read" if names else ""


def _hint(folder: Path) -> str:
    """Say which folders below one without images hold some, at any depth."""
    found: list[str] = []
    for number, (place, folders, files) in enumerate(os.walk(folder)):
        if number >= _MOST_FOLDERS:
            break
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if number and any(map(_is_image_name, files)):
            found.append(Path(place).relative_to(folder).as_posix())
    if not found:
        return ""
    return (
        f"; its subfolders hold some: {_listed(found)}; give one of these, or --recursive to a "
        "command that has it"
    )


def _subfolders(folder: Path) -> list[str]:
    """Return the names of the subfolders that are not hidden."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError:
        return []


def _files(folder: Path) -> Iterator[str]:
    """Yield names of files as far as the folder can be read."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries if entry.is_file())
    except OSError:
        return


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _images_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir(), key=lambda p: p.name) if _is_image(path)]


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the images of a folder and of all below, folder after folder."""

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if _is_image_name(name))


def _is_image(path: Path) -> bool:
    # A broken link counts, so that reading it gives an error instead of one image less.
    return _is_image_name(path.name) and not path.is_dir()


def _is_image_name(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def _is_utf8(name: str) -> bool:
    """Other names can be neither hashed nor written to a record."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _hr_beside(place: Path) -> Path | None:
    """Return the folder of HR images beside a folder, if there is one."""
    try:
        beside = sorted(place.parent.iterdir())
    except OSError:
        return None
    return next((p for p in beside if p != place and _HR.match(p.name) and p.is_dir()), None)
