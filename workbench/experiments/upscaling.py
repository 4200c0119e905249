"""Image files enlarged by a network."""

from dataclasses import dataclass
from pathlib import Path

from workbench.config.evaluation import InferencePrecision
from workbench.data.folders import left_out
from workbench.evaluation.devices import inference_on, open_device, place_network
from workbench.evaluation.running import WHOLE, Tiling
from workbench.evaluation.throughput import RunTimer, Throughput
from workbench.evaluation.upscale import Files, plan_files, upscale_files
from workbench.models.opening import open_network
from workbench.system.events import Emit, Note, counting, ignore


@dataclass(frozen=True)
class Upscaled:
    """Files that were written."""

    files: tuple[Path, ...]
    throughput: Throughput | None
    """Of the network; None if there was no image."""


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
    precision: InferencePrecision = "fp32",
    emit: Emit = ignore,
) -> Upscaled:
    """Enlarge images by the scale of the weights.

    Args:
        files: From `plan_upscaling`.
        weights: Our weights file, a published one, or one that spandrel opens.
        tiling: How large images are cut, in LR px.
        device: `cpu`, `cuda` or `cuda:N`.
        threads: CPU threads.
        precision: What the network computes in.
        emit: Gets progress, and notes on images that were converted.

    Returns:
        The files that were written, and how fast the network ran.

    Raises:
        ConfigError: If the device does not exist, or cannot compute in the precision.
        DataError: For images that cannot be used, all of them in one line.
        CheckpointError: If the weights cannot be used.
        NotFiniteError: If the network gives values that are not finite.
        StoreError: If a file cannot be written.
    """
    network = open_network(weights)
    place, timer = open_device(device, precision), RunTimer()
    with inference_on(place, threads, precision), counting(emit, "enlarging") as advance:
        written = upscale_files(
            place_network(network.module, place, precision, fused=True),
            files,
            scale=network.scale,
            smallest_lr_px=network.smallest_lr_px,
            tiling=tiling,
            timer=timer,
            progress=advance,
        )
    for remark in written.values():
        if remark:
            emit(Note(remark))
    return Upscaled(tuple(written), timer.throughput())
