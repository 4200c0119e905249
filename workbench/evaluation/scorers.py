"""Scoring one image of a set: on the host by scikit-image, or on the device of the network."""

from collections.abc import Callable

import torch
from numpy import uint8
from numpy.typing import NDArray
from torch import Tensor

from workbench.data.image_store import ImageStore
from workbench.data.pairs import ImagePairs
from workbench.evaluation.device_images import KeptImages, upload
from workbench.evaluation.device_metrics import score_tensors, to_score
from workbench.evaluation.metrics import score_image, to_uint8
from workbench.evaluation.running import NotFiniteError, Tiling, check_finite
from workbench.results import ImageScore

Run = Callable[[Tensor], Tensor]
"""An LR image on the device, (h, w, 3) uint8, to (1, 3, scale * h, scale * w) float32."""
Scorer = Callable[[Run, ImagePairs, int, torch.device], ImageScore]
"""Runs a network on the image of an index, on a device, and scores it.

Raises:
    NotFiniteError: If the network gives values that are no numbers.
"""

KEPT = KeptImages()
"""Those of this process."""


def scorer_of(device: torch.device, tiling: Tiling) -> Scorer:
    """Return where images are scored: on CUDA where the network is, else on the host.

    Tiles are for images that do not fit in the device's memory, so their output is on the host.
    """
    on_cuda = device.type == "cuda" and tiling.tile_lr_px is None
    return score_on_device if on_cuda else score_on_host


def score_on_host(run: Run, images: ImagePairs, index: int, device: torch.device) -> ImageScore:
    """Move the output to the host and score it there; see `Scorer`."""
    name = images.names[index]
    lr, hr = images.lr(index), images.hr(index)
    output = run(torch.from_numpy(lr.copy()).to(device))  # packed images are read-only
    check_finite(name, output)
    return score_image(name, to_uint8(output), hr, images.scale)


def score_pixels(
    name: str, sr: NDArray[uint8], hr: NDArray[uint8], crop_px: int, *, device: torch.device
) -> ImageScore:
    """Score an image of the host as `metrics.score_image` does, on a device."""
    values = torch.from_numpy(sr).to(device).permute(2, 0, 1)[None] / 255
    return to_score(name, score_tensors(values, torch.from_numpy(hr).to(device), crop_px).tolist())


def score_on_device(run: Run, images: ImagePairs, index: int, device: torch.device) -> ImageScore:
    """Score the output where it is and move five numbers to the host; see `Scorer`."""
    name = images.names[index]
    if isinstance(images, ImageStore):
        lr, hr = KEPT.get(images, index, device)
    else:
        lr, hr = upload(images, index, device)
    values = score_tensors(run(lr), hr, images.scale).tolist()
    if not values[-1]:
        raise NotFiniteError.of(name)
    return to_score(name, values)
