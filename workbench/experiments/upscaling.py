"""Image files enlarged by a network."""

from dataclasses import dataclass
from pathlib import Path

from workbench.config.evaluation import InferencePrecision
from workbench.data.folders import left_out
from workbench.data.images import image_size
from workbench.evaluation.devices import inference_on, open_device, place_network
from workbench.evaluation.padding import padding_remark
from workbench.evaluation.running import WHOLE, Tiling
from workbench.evaluation.throughput import RunTimer, Throughput
from workbench.evaluation.upscale import Files, plan_files, upscale_files
from workbench.models.opening import open_network
from workbench.system.events import Emit, Note, counting, ignore


@dataclass(frozen=True)
class UpscaleSettings:
    """Where and how a network enlarges images."""

    tiling: Tiling = WHOLE
    """How large images are cut, in LR px."""
    device: str = "cpu"
    """`cpu`, `cuda` or `cuda:N`."""
    threads: int = 1
    """Of the CPU."""
    precision: InferencePrecision = "fp32"
    """What the network computes in."""
    self_ensemble: bool = False
    """Whether the network runs on eight orientations of each image, or of each tile, and its
    outputs are averaged before they are rounded."""


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
    settings: UpscaleSettings = UpscaleSettings(),
    emit: Emit = ignore,
) -> Upscaled:
    """Enlarge images by the scale of the weights.

    Args:
        files: From `plan_upscaling`.
        weights: Our weights file, a published one, or one that spandrel opens.
        settings: Where and how the network runs.
        emit: Gets progress, and notes on images that were padded or converted.

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
    precision, timer = settings.precision, RunTimer()
    place = open_device(settings.device, precision)
    with inference_on(place, settings.threads, precision), counting(emit, "enlarging") as advance:
        written = upscale_files(
            place_network(
                network.module,
                place,
                precision,
                fused=True,
                self_ensemble=settings.self_ensemble,
            ),
            files,
            scale=network.scale,
            smallest_lr_px=network.smallest_lr_px,
            tiling=settings.tiling,
            timer=timer,
            progress=advance,
        )
    sizes = [image_size(image) for image, _ in files.jobs]
    padded = padding_remark([(network.name, network.smallest_lr_px)], sizes)
    for remark in (padded, *written.values()):
        if remark:
            emit(Note(remark))
    return Upscaled(tuple(written), timer.throughput())
