"""Enlarging image files."""

import io
from pathlib import Path

from PIL import Image
from torch import nn

from workbench.data.folders import list_images
from workbench.data.images import read_rgb
from workbench.errors import DataError
from workbench.evaluation.evaluate import WHOLE, Tiling, check_finite, check_size, inference, run
from workbench.evaluation.metrics import to_uint8
from workbench.files import write_atomically
from workbench.progress import Progress, silent


def upscale_files(
    model: nn.Module,
    source: Path,
    target: Path,
    *,
    scale: int,
    smallest_lr_px: int,
    tiling: Tiling = WHOLE,
    progress: Progress = silent,
) -> dict[Path, str]:
    """Enlarge a file, or every image of a folder, and write PNG files.

    Args:
        model: The network, on its device.
        source: An image or a folder of images.
        target: A `.png` file for an image, a folder for a folder.
        scale: Of the network.
        smallest_lr_px: Least height and width that the network accepts.
        tiling: How images are cut.
        progress: Told of each image.

    Returns:
        The files written, each with what was converted while its image was read, if anything.

    Raises:
        DataError: For a missing or unusable image, or a target that would overwrite a source.
        NotFiniteError: If the network gives values that are no numbers.
        StoreError: If a file cannot be written.
    """
    jobs, written = plan_files(source, target), dict[Path, str]()
    with inference(model) as device:
        for number, (image_path, out_path) in enumerate(jobs, start=1):
            lr, remark = read_rgb(image_path)
            check_size(image_path.name, lr.shape[:2], smallest_lr_px)
            output = run(model, lr, device, scale, smallest_lr_px, tiling)
            check_finite(image_path.name, output)
            encoded = io.BytesIO()
            Image.fromarray(to_uint8(output)).save(encoded, format="PNG")
            write_atomically(out_path, encoded.getvalue())
            written[out_path] = remark
            progress(number, len(jobs), image_path.name)
    return written


def plan_files(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Return (image, output) pairs.

    Raises:
        DataError: For a missing source, a wrong kind of target, or one that is a source.
    """
    if source.is_dir():
        if target.is_file():
            raise DataError(f"{target}: IN is a folder, so OUT must be a folder, not a file")
        jobs = [(path, target / f"{path.stem}.png") for path in list_images(source)]
    elif source.is_file():
        if target.is_dir():
            raise DataError(f"{target}: IN is an image, so OUT must be a .png file, not a folder")
        if target.suffix.lower() != ".png":
            raise DataError(f"OUT must end in .png, got {str(target)!r}")
        jobs = [(source, target)]
    else:
        raise DataError(f"{source}: no such image or folder")
    sources = {image.resolve() for image, _ in jobs}
    for _, output in jobs:
        if output.resolve() in sources:
            raise DataError(f"{output}: OUT would overwrite an image of IN")
    return jobs
