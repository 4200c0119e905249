"""Image files enlarged by a network."""

from pathlib import Path

from workbench.data.folders import left_out
from workbench.evaluation.running import WHOLE, Tiling
from workbench.evaluation.upscale import Files, plan_files, upscale_files
from workbench.models.opening import open_network
from workbench.system.events import Emit, Note, counting, ignore
from workbench.training.device import prepare


def plan_upscaling(
    source: Path, target: Path, *, recursive: bool = False, emit: Emit = ignore
) -> Files:
    """Find the images to enlarge and name the files to write, before any weights are loaded.

    Args:
        source: An image or a folder of images.
        target: A `.png` file for an image, a folder for a folder.
        recursive: Also the images in subfolders, into the same subfolders of `target`.
        emit: Gets a note if images in subfolders are left out.

    Raises:
        DataError: For a missing source, a target of the wrong kind, or one that is a source.
    """
    files = plan_files(source, target, recursive=recursive)
    if source.is_dir() and not recursive and (remark := left_out(source)):
        emit(Note(remark))
    return files


def upscale_images(
    files: Files,
    weights: Path,
    *,
    tiling: Tiling = WHOLE,
    device: str = "cpu",
    threads: int = 1,
    emit: Emit = ignore,
) -> list[Path]:
    """Enlarge images by the scale of the weights.

    Args:
        files: From `plan_upscaling`.
        weights: Our weights file, a published one, or one that spandrel opens.
        tiling: How large images are cut, in LR px.
        device: `cpu` or `cuda`.
        threads: CPU threads.
        emit: Gets progress, and notes on images that were converted.

    Returns:
        The files that were written.

    Raises:
        DataError: For images that cannot be used, all of them in one line.
        CheckpointError: If the weights cannot be used.
        NotFiniteError: If the network gives values that are not finite.
        StoreError: If a file cannot be written.
    """
    network = open_network(weights)
    model = network.module.to(prepare(device, threads))
    with counting(emit, "enlarging") as advance:
        written = upscale_files(
            model,
            files,
            scale=network.scale,
            smallest_lr_px=network.smallest_lr_px,
            tiling=tiling,
            progress=advance,
        )
    for remark in written.values():
        if remark:
            emit(Note(remark))
    return list(written)
