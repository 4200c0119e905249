"""Networks scored on folders of images: first all images are checked, then networks run."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import nn

from workbench.data.packing import check_images
from workbench.data.pairs import FolderPairs
from workbench.errors import DataError
from workbench.evaluation.baseline import bicubic_scores
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.metrics import smallest_hr_px
from workbench.evaluation.padding import padding_remark
from workbench.evaluation.running import WHOLE, Tiling
from workbench.evaluation.scorers import score_pixels
from workbench.evaluation.throughput import RunTimer
from workbench.models.opening import OpenedNetwork
from workbench.results import DatasetScores, MeanScore
from workbench.system.events import Caution, Emit, Note, counting


def check_sets(sets: Sequence[FolderPairs], emit: Emit) -> None:
    """Decode every image of every set, so that all bad ones are known before any is scored.

    Args:
        sets: All of one scale.
        emit: Gets the images that are checked, and a caution for a set without its own LR images
            at scale 1.

    Raises:
        DataError: With the bad images of all sets.
    """
    problems = []
    for images in sets:
        least_px = smallest_hr_px(images.scale)
        with counting(emit, f"checking {images.name}") as advance:
            try:
                check_images(images.files, images.scale, least_px, advance)
            except DataError as error:
                problems.append(str(error))
        if images.scale == 1 and images.files.lr is None:
            emit(Caution(f"{images.name} has no folder X1: the input is the HR image itself"))
    if problems:
        raise DataError("; ".join(problems))


def note_padding(
    sets: Sequence[FolderPairs], networks: Sequence[OpenedNetwork], emit: Emit
) -> None:
    """Emit a note if images are below a network's least size; only their headers are read.

    Args:
        sets: All of one scale.
        networks: What is scored on them.
        emit: Gets the note.

    Raises:
        DataError: For a file that is no image.
    """
    sizes = [
        (height // images.scale, width // images.scale)
        for images in sets
        for height, width in map(images.size_px, range(len(images)))
    ]
    needs = [(network.name, network.smallest_lr_px) for network in networks]
    if remark := padding_remark(needs, sizes):
        emit(Note(remark))


def score_network(
    network: OpenedNetwork,
    module: nn.Module,
    images: FolderPairs,
    emit: Emit,
    *,
    title: str = "",
    tiling: Tiling = WHOLE,
    timer: RunTimer | None = None,
) -> DatasetScores:
    """Score a network on every image of a set.

    Args:
        network: What is scored.
        module: Its module, on the device where it is to run.
        images: Of the network's scale.
        emit: Gets the images that are scored.
        title: What the progress is called; the network's name by default.
        tiling: How large images are cut, in LR px.
        timer: Times the runs of the module.

    Raises:
        DataError: For an image that cannot be used.
        NotFiniteError: If the network gives values that are not finite.
    """
    with counting(emit, f"{title or network.name} {images.name}") as advance:
        return evaluate(
            module,
            images,
            smallest_lr_px=network.smallest_lr_px,
            tiling=tiling,
            timer=timer,
            progress=advance,
        )


def score_bicubic(images: FolderPairs, device: torch.device, emit: Emit) -> MeanScore | None:
    """Return the mean scores of bicubic upscaling on a set; None if there is none to compute.

    Args:
        images: The set.
        device: On CUDA the images are scored there, as those of networks are.
        emit: Gets the images that are scored.
    """
    score = partial(score_pixels, device=device) if device.type == "cuda" else None
    with counting(emit, f"bicubic {images.name}") as advance:
        return bicubic_scores(images, advance, score)
