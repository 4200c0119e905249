"""Enlarging image files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter
from torch import nn

from workbench.data.bicubic import enlarge
from workbench.data.folders import image_name, list_images
from workbench.data.images import ImageError, summarize
from workbench.errors import DataError
from workbench.evaluation.pictures import Picture, encode, read_picture, unmultiplied
from workbench.evaluation.running import WHOLE, Tiling, check_finite, inference, run
from workbench.evaluation.throughput import RunTimer
from workbench.system.files import write_atomically
from workbench.system.progress import Progress, silent

_KERNEL_PX = 5
"""LR pixels on each side that bicubic interpolation reads for one output pixel."""
_SMALLEST_ALPHA_PX = 3
"""Least side of an image that bicubic enlarges."""


@dataclass(frozen=True)
class Files:
    """Which images are enlarged, and into which files."""

    source: Path
    """What the user named: an image, or the folder of all images."""
    jobs: tuple[tuple[Path, Path], ...]
    """Each image with the file that is written for it."""


def upscale_files(
    model: nn.Module,
    files: Files,
    *,
    scale: int,
    smallest_lr_px: int,
    tiling: Tiling = WHOLE,
    timer: RunTimer | None = None,
    progress: Progress = silent,
) -> dict[Path, str]:
    """Enlarge images and write PNG files.

    Images of 16 bits a channel are run with all their bits and written with 16 bits. Of images with
    alpha, the network enlarges the premultiplied colour and bicubic the alpha channel. All images
    are read before the first one is written.

    Args:
        model: The network, on its device.
        files: See `plan_files`.
        scale: Of the network.
        smallest_lr_px: Least height and width that the network accepts; smaller images are padded
            by reflection, and the output is cropped.
        tiling: How images are cut.
        timer: Times the runs of the network.
        progress: Called for each image; 0 are done while they are checked.

    Returns:
        The files written, each with what was converted while its image was read, if anything.

    Raises:
        DataError: For images that cannot be used, all of them in one line.
        NotFiniteError: If the network gives values that are no numbers.
        StoreError: If a file cannot be written.
    """
    jobs, written = files.jobs, dict[Path, str]()
    _check(files, progress)
    run_image = run if timer is None else timer.timed(run)
    with inference(model) as device:
        for number, (image_path, out_path) in enumerate(jobs, start=1):
            picture = read_picture(image_path)
            colour = picture.colour
            if picture.alpha is not None:
                colour = (colour * picture.alpha[..., None]).astype(np.float32)
            output = run_image(model, colour, device, scale, smallest_lr_px, tiling)
            check_finite(image_path.name, output)
            large: NDArray[np.float32] = output[0].permute(1, 2, 0).cpu().numpy()
            write_atomically(out_path, _encoded(picture, large, scale))
            written[out_path] = picture.note
            progress(number, len(jobs), image_path.name)
    return written


def plan_files(source: Path, target: Path, *, recursive: bool = False) -> Files:
    """Find the images and name the files to write, each of them once.

    Args:
        source: An image or a folder of images.
        target: A `.png` file for an image, a folder for a folder.
        recursive: Also the images in subfolders, into the same subfolders of `target`.

    Raises:
        DataError: For a missing source, a wrong kind of target, or one that is a source.
    """
    if source.is_dir():
        jobs = _plan_folder(source, target, recursive=recursive)
    elif source.is_file():
        if recursive:
            raise DataError(f"--recursive means nothing for an image, got {source}")
        if target.is_dir():
            raise DataError(f"{target}: IN is an image, so OUT must be a .png file, not a folder")
        if target.suffix.lower() != ".png":
            raise DataError(f"OUT must end in .png, got {str(target)!r}")
        jobs = ((source, target),)
    else:
        raise DataError(f"{source}: no such image or folder")
    sources = {image.resolve() for image, _ in jobs}
    for _, output in jobs:
        if output.resolve() in sources:
            raise DataError(f"{output}: OUT would overwrite an image of IN")
    return Files(source, jobs)


def _plan_folder(source: Path, target: Path, *, recursive: bool) -> tuple[tuple[Path, Path], ...]:
    if target.is_file():
        raise DataError(f"{target}: IN is a folder, so OUT must be a folder, not a file")
    if recursive and target.resolve().is_relative_to(source.resolve()):
        raise DataError(f"{target}: with --recursive OUT must not lie in IN, which is read")
    images = list_images(source, recursive=recursive)
    jobs = tuple((path, target / f"{image_name(path, source)}.png") for path in images)
    for _, output in jobs:
        if output.is_dir():
            raise DataError(f"{output} is a folder, so no image can be written there")
    return jobs


def _check(files: Files, progress: Progress) -> None:
    """Read every image once.

    Raises:
        DataError: One line with the first three bad images and the number of the others.
    """
    problems: list[DataError] = []
    is_folder = files.source.is_dir()
    for path, _ in files.jobs:
        progress(0, len(files.jobs), f"checking {path.name}")
        try:
            picture = read_picture(path)
            size = picture.colour.shape[:2]
            if picture.alpha is not None and min(size) < _SMALLEST_ALPHA_PX:
                rule = f"with alpha at least {_SMALLEST_ALPHA_PX} px are needed on each side"
                raise ImageError(path, f"{size[1]}x{size[0]} px; {rule}")
        except DataError as error:
            problems.append(error)
    if problems:
        raise DataError(summarize(problems, files.source)) if is_folder else problems[0]


def _encoded(picture: Picture, large: NDArray[np.float32], scale: int) -> bytes:
    """Return the PNG file of an enlarged picture, whose colour is premultiplied if it has alpha."""
    if picture.alpha is None:
        return encode(large, None, is_deep=picture.is_deep)
    alpha = enlarge(torch.from_numpy(picture.alpha)[None], scale)[0].clamp(0, 1).numpy()
    colour = _limited(unmultiplied(large, alpha), picture, scale)
    return encode(colour, alpha, is_deep=picture.is_deep)


def _limited(colour: NDArray[np.float32], picture: Picture, scale: int) -> NDArray[np.float32]:
    """Keep the colour near transparent pixels within the colours that the image has around it.

    A network sharpens more than bicubic, so that at edges its premultiplied colour and the alpha
    channel do not belong together, and their quotient would be a dark or a bright fringe.

    Args:
        colour: (scale * height, scale * width, 3) in 0..1, not premultiplied.
        picture: What was enlarged; it has alpha.
        scale: By how much.
    """
    assert picture.alpha is not None
    seen, around = picture.alpha[..., None] > 0, (_KERNEL_PX, _KERNEL_PX, 1)
    low = minimum_filter(np.where(seen, picture.colour, np.float32(1)), around)
    high = maximum_filter(np.where(seen, picture.colour, np.float32(0)), around)
    edge = minimum_filter(picture.alpha[..., None], around) < 1
    low, high, edge = (a.repeat(scale, axis=0).repeat(scale, axis=1) for a in (low, high, edge))
    return np.where(edge, colour.clip(low, high), colour)
