"""The crops that proxies are computed on: those that the trial itself would begin with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workbench.config.data import ImageSource
from workbench.config.trial import TrialConfig
from workbench.data.crops import PairCrops
from workbench.data.pairs import FolderPairs, too_small
from workbench.errors import DataError
from workbench.training.device import images_to_device
from workbench.trial.crops import first_crops

FEWEST_CROPS = 16
"""Correlations between crops take whole batches until there are so many."""


@dataclass(frozen=True)
class ProxyBatch:
    """The first crops of a training, on the CPU, float32 RGB in 0..1."""

    lr: Tensor
    """(N, 3, h, w): those of the first batches."""
    hr: Tensor
    """(batch, 3, H, W): those of the first batch alone."""
    text: str
    """Such as `4 crops of 96 px from CID22`."""

    @property
    def first_lr(self) -> Tensor:
        """(batch, 3, h, w): those of the first batch alone."""
        return self.lr[: len(self.hr)]


def first_batch(config: TrialConfig, sources: Sequence[ImageSource] = ()) -> ProxyBatch:
    """Read the first crops of a trial; files are read and nothing is written.

    Args:
        config: Of the trial, whose seed, batch size and patch size they have.
        sources: Images in place of the trial's own training images.

    Raises:
        DataError: If a folder or an image cannot be used, or is smaller than the crops.
    """
    scale, stage = config.model.scale, config.training.stages[0]
    images = {
        source.name: FolderPairs(source, scale, config.data.degradation)
        for source in sources or config.data.training
    }
    crops = first_crops(config, images)
    steps = range(-(-FEWEST_CROPS // stage.batch_size))
    _check_sizes(crops, list(images.values()), steps, stage.hr_patch_px)
    batches = [crops.batch(step) for step in steps]
    names = " and ".join(images)
    return ProxyBatch(
        lr=_tensor(np.concatenate([lr for lr, _ in batches])),
        hr=_tensor(batches[0][1]),
        text=f"{stage.batch_size} crops of {stage.hr_patch_px} px from {names}",
    )


def _check_sizes(
    crops: PairCrops, images: Sequence[FolderPairs], steps: range, patch_px: int
) -> None:
    """Refuse images that are smaller than the crops.

    Raises:
        DataError: Naming the first one.
    """
    for crop in (crop for step in steps for crop in crops.crops(step)):
        pairs = images[crop.store]
        problem = too_small(pairs.size_px(crop.index), patch_px)
        if problem:
            raise DataError(f"{pairs.name}: {pairs.names[crop.index]} is {problem}")


def _tensor(images: np.ndarray) -> Tensor:
    return images_to_device(torch.from_numpy(images), torch.device("cpu"))
