"""Which files an `ImageSource` means. Everything wrong with a folder is found here. No torch."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.config.data import (
    EMBEDDED_TILES,
    EMBEDDED_TRAINING,
    EMBEDDED_VALIDATION,
    ImageSource,
)
from workbench.data.folders import image_name, is_folder, left_out, list_images, refuse_lr
from workbench.data.images import ImageError, image_size, summarize
from workbench.errors import DataError, nearest

# The two motorcycles show one scene, so they stay on one side.
_EMBEDDED = {
    EMBEDDED_TRAINING: (
        "astronaut.png",
        "motorcycle_left.png",
        "motorcycle_right.png",
        "rocket.jpg",
    ),
    EMBEDDED_VALIDATION: ("chelsea.png", "coffee.png"),
    EMBEDDED_TILES: ("chelsea.png", "coffee.png"),
}
TILE_HR_PX = 128
"""Side of the embedded tiles: large enough for every network at every scale."""


@dataclass(frozen=True)
class Window:
    """A square part of an HR file that counts as an image of its own."""

    name: str
    top: int
    left: int
    side_px: int


@dataclass(frozen=True)
class ImageFiles:
    """The files of one image source, sorted by file name."""

    name: str
    """Name of the source."""
    folder: Path
    """The source's folder, absolute; what errors name."""
    hr: tuple[Path, ...]
    """At least one file, each of another stem."""
    lr: tuple[Path, ...] | None
    """The LR file of each HR file, or None where LR is to be made from HR."""
    windows: tuple[Window, ...] | None = None
    """The part of each HR file that is used, or None for whole files. A file with several windows
    stands in `hr` once for each."""

    root: Path | None = None
    """Names of images are paths below it; None takes the files' own names."""
    note: str = ""
    """Which subfolders are not read."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the images: of the windows, paths below the root, or the stems of HR files."""
        if self.windows is not None:
            return tuple(window.name for window in self.windows)
        if self.root is not None:
            return tuple(image_name(path, self.root) for path in self.hr)
        return tuple(path.stem for path in self.hr)


def find_images(source: ImageSource, scale: int, *, recursive: bool = False) -> ImageFiles:
    """Find the files of `source`, and the LR files that belong to them at `scale`.

    A folder is either HR images, or it holds `HR` and perhaps `X2`, `X3`, `X4`. Where it has none
    for `scale`, LR is made from HR; at scale 1, where that means nothing, it needs `X1`. LR files
    are called as their HR files are, or so with `x4` and the like behind (`0001x4.png`). Headers of
    paired files are read, no pixels.

    Args:
        source: A folder, or one of the embedded sets.
        scale: 2, 3 or 4; 1 for networks that do not enlarge.
        recursive: Also the images of subfolders; their names are then paths such as `a/0001`.

    Raises:
        DataError: One line naming the folder, and the files and values that do not fit.
    """
    if source.folder.startswith("embedded:"):
        return _find_embedded(source)
    try:
        folder = Path(source.folder).expanduser().absolute()
    except RuntimeError as error:  # `~name` of an unknown user
        raise DataError(f"image folder {source.folder}: {error}") from error
    hr_folder, lr_folder = folder / "HR", folder / f"X{scale}"
    if not is_folder(hr_folder):
        refuse_lr(folder)
        return _listed(source.name, folder, folder, recursive=recursive)
    files = _listed(source.name, folder, hr_folder, recursive=recursive)
    if not is_folder(lr_folder):
        _check_scale(folder, scale)
        return files
    lr = _pair_up(folder, files, list_images(lr_folder, recursive=recursive), scale)
    _check_sizes(folder, files.hr, lr, scale)
    return replace(files, lr=lr)


def _listed(name: str, folder: Path, hr_folder: Path, *, recursive: bool) -> ImageFiles:
    """List the HR images of a folder, LR still to be made."""
    hr = list_images(hr_folder, recursive=recursive)
    if not recursive:
        return ImageFiles(name, folder, hr, None, note=left_out(hr_folder))
    for path in dict.fromkeys(path.parent for path in hr if path.parent != hr_folder):
        refuse_lr(path)
    return ImageFiles(name, folder, hr, None, root=hr_folder)


def _check_scale(folder: Path, scale: int) -> None:
    """Refuse scale 1 for a folder of HR and LR images.

    Raises:
        DataError: Naming the LR folders that it has.
    """
    given = [path.name for path in sorted(folder.glob("X[2-8]")) if path.is_dir()]
    if scale == 1 and given:
        raise DataError(
            f"the network's output is as large as its input (x1), but {folder} holds HR and "
            f"{', '.join(given)}: a network at x1 needs input images of the size of HR, in a "
            "folder X1"
        )


def _find_embedded(source: ImageSource) -> ImageFiles:
    if source.folder not in _EMBEDDED:
        raise DataError(
            f"unknown image folder {source.folder!r}; {nearest(source.folder, _EMBEDDED)}"
        )
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"{source.folder} needs scikit-image; pip install scikit-image")
    folder = Path(spec.submodule_search_locations[0]) / "data"
    hr = tuple(folder / name for name in _EMBEDDED[source.folder])
    for path in hr:
        if not path.is_file():
            raise DataError(f"{source.folder}: this scikit-image has no {path}")
    if source.folder == EMBEDDED_TILES:
        return _tiled(source.name, folder, hr)
    return ImageFiles(source.name, folder, hr, None)


def _tiled(name: str, folder: Path, files: Sequence[Path]) -> ImageFiles:
    """Cut files into as many whole tiles as fit, around the middle."""
    found = [(path, window) for path in files for window in _grid(path.stem, image_size(path))]
    paths, windows = zip(*found, strict=True)
    return ImageFiles(name, folder, paths, None, windows)


def _grid(stem: str, size_px: tuple[int, int]) -> list[Window]:
    """Return the tiles of one file, row after row: `stem-row-column`, counted from 1."""
    side = TILE_HR_PX
    (rows, top), (columns, left) = ((px // side, px % side // 2) for px in size_px)
    return [
        Window(f"{stem}-{row + 1}-{column + 1}", top + row * side, left + column * side, side)
        for row in range(rows)
        for column in range(columns)
    ]


def _pair_up(folder: Path, files: ImageFiles, lr: Sequence[Path], scale: int) -> tuple[Path, ...]:
    """Return the LR file of each HR file.

    Raises:
        DataError: Naming both counts and the files without a partner.
    """
    hr, names, below = files.hr, files.names, folder / f"X{scale}"
    by_stem = {image_name(path, below): path for path in lr}
    # One of both ways for the whole folder: an HR file may itself be called `0001x4`.
    endings = ("", f"x{scale}")
    ending = max(endings, key=lambda end: sum(name + end in by_stem for name in names))
    wanted = {name + ending: path for name, path in zip(names, hr, strict=True)}
    if wanted.keys() != by_stem.keys():
        raise DataError(
            f"{folder}: HR has {len(hr)} images and X{scale} has {len(lr)}; without a partner: "
            + _name_unpaired(wanted, by_stem)
        )
    return tuple(by_stem[stem] for stem in wanted)


def _name_unpaired(wanted: Mapping[str, Path], given: Mapping[str, Path]) -> str:
    unpaired = [wanted[stem] for stem in sorted(wanted.keys() - given.keys())]
    unpaired += [given[stem] for stem in sorted(given.keys() - wanted.keys())]
    names = ", ".join(f"{path.parent.name}/{path.name}" for path in unpaired[:3])
    return names + (f" and {len(unpaired) - 3} more" if len(unpaired) > 3 else "")


def _check_sizes(folder: Path, hr: Sequence[Path], lr: Sequence[Path], scale: int) -> None:
    """Refuse pairs of which LR is not HR // scale.

    Raises:
        DataError: Naming the first three pairs with both sizes.
    """
    problems: list[DataError] = []
    for hr_path, lr_path in zip(hr, lr, strict=True):
        try:
            (hr_h, hr_w), (lr_h, lr_w) = image_size(hr_path), image_size(lr_path)
        except ImageError as error:
            problems.append(error)
            continue
        if (lr_h, lr_w) != (hr_h // scale, hr_w // scale):
            reason = (
                f"{lr_w}x{lr_h} px, but {hr_path.parent.name}/{hr_path.name} of {hr_w}x{hr_h} px "
                f"needs {hr_w // scale}x{hr_h // scale} at x{scale}"
            )
            problems.append(ImageError(lr_path, reason))
    if problems:
        raise DataError(summarize(problems, folder))
