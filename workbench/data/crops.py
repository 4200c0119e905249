"""Random crops on the LR grid, in all eight orientations, as a function of the step.

Every number comes from a counter-based generator keyed by (seed, stage, step or epoch), so a
resumed training needs no saved stream, and no network can shift the crops of another.
"""

from collections.abc import Sequence

import numpy as np

from workbench.data.image_store import ImageStore

_ORDER, _PLACE = 0, 1
"""Streams: the order of the images in an epoch, and the crops of a step."""


class CropSampler:
    """Batches of aligned LR and HR patches."""

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
        """Prepare the batches of one stage.

        Args:
            stores: Packed images of one scale, all at least `hr_patch_px` high and wide.
            seed: Of the trial.
            stage: Index of the stage; each has crops of its own.
            hr_patch_px: Side of the HR patch, a multiple of the scale.
            batch_size: Patches a batch.
            first: For each store, how many of its first images are used; None means all.
        """
        limits = first or [None] * len(stores)
        self._images: list[tuple[ImageStore, int]] = [
            (store, index)
            for store, limit in zip(stores, limits, strict=True)
            for index in range(len(store))[:limit]
        ]
        self._scale = stores[0].scale
        self._lr_px = hr_patch_px // self._scale
        self._batch_size = batch_size
        self._key = (seed << 8) + stage
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch of a step (from 0) of the stage: the same for the same step, always.

        Images are drawn without replacement, by a new permutation each epoch.

        Returns:
            LR (batch, h, w, 3) and HR (batch, scale * h, scale * w, 3), uint8 RGB.
        """
        size, scale = self._lr_px, self._scale
        lr = np.empty((self._batch_size, size, size, 3), dtype=np.uint8)
        hr = np.empty((self._batch_size, size * scale, size * scale, 3), dtype=np.uint8)
        draw = self._generator(_PLACE, step).random((self._batch_size, 3))
        for slot, (top, left, orientation) in enumerate(draw):
            store, index = self._image(step * self._batch_size + slot)
            image = store.lr(index)
            y = int(top * (image.shape[0] - size + 1))
            x = int(left * (image.shape[1] - size + 1))
            turn = int(orientation * 8)
            _copy(orient(image[y : y + size, x : x + size], turn), lr[slot])
            rows, columns = (
                slice(y * scale, (y + size) * scale),
                slice(x * scale, (x + size) * scale),
            )
            _copy(orient(store.hr(index)[rows, columns], turn), hr[slot])
        return lr, hr

    def _image(self, position: int) -> tuple[ImageStore, int]:
        """Return the image at a position of the endless sequence of epochs."""
        epoch, place = divmod(position, len(self._images))
        if epoch != self._epoch:
            self._order = self._generator(_ORDER, epoch).permutation(len(self._images))
            self._epoch = epoch
        return self._images[int(self._order[place])]

    def _generator(self, stream: int, counter: int) -> np.random.Generator:
        # The upper half of the counter separates the draws; the lower one runs within a draw.
        return np.random.Generator(np.random.Philox(key=self._key, counter=[0, 0, stream, counter]))


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
