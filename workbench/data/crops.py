"""Random crops on the LR grid, in all eight orientations, as a function of the step.

Every number comes from a counter-based generator keyed by (seed, stage, step or epoch), so a
resumed training needs no saved stream, and no network can shift the crops of another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.data.image_store import ImageStore
from workbench.data.pairs import ImagePairs

_ORDER, _PLACE = 0, 1
"""Streams: the order of the images in an epoch, and the crops of a step."""


@dataclass(frozen=True)
class Crop:
    """Where a patch lies, on the LR grid."""

    store: int
    """Which of the sampler's sets of images."""
    index: int
    """Of the image in its store."""
    y: int
    x: int
    """LR px of the top left corner in the image."""
    turn: int
    """Orientation 0..7, see `orient`."""


class PairCrops:
    """Batches of aligned LR and HR patches of any images."""

    def __init__(
        self,
        images: Sequence[ImagePairs],
        *,
        seed: int,
        stage: int,
        hr_patch_px: int,
        batch_size: int,
        first: Sequence[int | None] | None = None,
    ) -> None:
        """Prepare the batches of one stage.

        Args:
            images: Sets of images of one scale, all at least `hr_patch_px` high and wide.
            seed: Of the trial.
            stage: Index of the stage; each has crops of its own.
            hr_patch_px: Side of the HR patch, a multiple of the scale.
            batch_size: Patches a batch.
            first: For each set, how many of its first images are used; None means all.
        """
        limits = first or [None] * len(images)
        self._pairs = tuple(images)
        self.scale = images[0].scale
        self.lr_px = hr_patch_px // self.scale
        self.batch_size = batch_size
        self._images = [
            (number, index)
            for number, (pairs, limit) in enumerate(zip(images, limits, strict=True))
            for index in range(len(pairs))[:limit]
        ]
        self._key = (seed << 8) + stage
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)

    def crops(self, step: int) -> Iterator[Crop]:
        """Yield the crops of a step (from 0) of the stage: the same for the same step, always.

        Images are drawn without replacement, by a new permutation each epoch.
        """
        draw = self._generator(_PLACE, step).random((self.batch_size, 3))
        for slot, (top, left, orientation) in enumerate(draw):
            number, index = self._image(step * self.batch_size + slot)
            height, width = self._pairs[number].size_px(index)
            y = int(top * (height // self.scale - self.lr_px + 1))
            x = int(left * (width // self.scale - self.lr_px + 1))
            yield Crop(number, index, y, x, int(orientation * 8))

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the patches of `crops`.

        Returns:
            LR (batch, h, w, 3) and HR (batch, scale * h, scale * w, 3), uint8 RGB.
        """
        size, scale = self.lr_px, self.scale
        lr = np.empty((self.batch_size, size, size, 3), dtype=np.uint8)
        hr = np.empty((self.batch_size, size * scale, size * scale, 3), dtype=np.uint8)
        for slot, crop in enumerate(self.crops(step)):
            pairs, y, x = self._pairs[crop.store], crop.y, crop.x
            image = pairs.lr(crop.index)
            _copy(orient(image[y : y + size, x : x + size], crop.turn), lr[slot])
            rows, columns = (
                slice(y * scale, (y + size) * scale),
                slice(x * scale, (x + size) * scale),
            )
            _copy(orient(pairs.hr(crop.index)[rows, columns], crop.turn), hr[slot])
        return lr, hr

    def _image(self, position: int) -> tuple[int, int]:
        """Return (store, image) at a position of the endless sequence of epochs."""
        epoch, place = divmod(position, len(self._images))
        if epoch != self._epoch:
            self._order = self._generator(_ORDER, epoch).permutation(len(self._images))
            self._epoch = epoch
        return self._images[int(self._order[place])]

    def _generator(self, stream: int, counter: int) -> np.random.Generator:
        # The upper half of the counter separates the draws; the lower one runs within a draw.
        return np.random.Generator(np.random.Philox(key=self._key, counter=[0, 0, stream, counter]))


class CropSampler(PairCrops):
    """Batches of packed images, of which every step of a training takes one."""

    def __init__(
        self,
        stores: Sequence[ImageStore],
        *,
        seed: int,
        stage: int,
        hr_patch_px: int,
        batch_size: int,
        first: Sequence[int | None] | None = None,
    ) -> None:
        """Prepare the batches of one stage; see `PairCrops`."""
        super().__init__(
            stores,
            seed=seed,
            stage=stage,
            hr_patch_px=hr_patch_px,
            batch_size=batch_size,
            first=first,
        )
        self.stores = tuple(stores)


def orient(patch: np.ndarray, turn: int) -> np.ndarray:
    """Return a view of (h, w, 3) in one of the eight orientations of a square.

    Args:
        patch: A square patch.
        turn: 0..7; bit 0 flips rows, bit 1 flips columns, bit 2 transposes.
    """
    if turn & 1:
        patch = patch[::-1]
    if turn & 2:
        patch = patch[:, ::-1]
    return patch.transpose(1, 0, 2) if turn & 4 else patch


def _copy(patch: np.ndarray, into: np.ndarray) -> None:
    """Copy (h, w, 3); a turned patch by channels, as numpy is 3 to 5 times slower on triples."""
    if patch.strides[1:] == into.strides[1:]:
        into[...] = patch
        return
    for channel in range(3):
        into[..., channel] = patch[..., channel]
