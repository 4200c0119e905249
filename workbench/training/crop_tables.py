"""Batches on a device as rows of a table, so that a step reads them by its counter.

Two kinds give the same pixels: images that live on the device, of which a row holds where each
crop lies, and crops that are cut on the host, where the images need too much memory.
"""

from collections.abc import Sequence
from typing import Protocol
from weakref import WeakValueDictionary

import numpy as np
import torch
from torch import Tensor

from workbench.data.crops import CropSampler
from workbench.data.image_store import ImageStore

MOST_SHARE = 0.4
"""Of a device's memory that images may take; more are cut on the host."""
_UPLOADED_BYTES = 256 * 2**20
"""Of a table of crops that are cut on the host; two such buffers exist, one on each side."""
_COLUMNS = 7
"""Where a crop lies: LR begin, LR width, HR begin, HR width, y, x, turn."""


class CropTable(Protocol):
    """Batches of one stage for some consecutive steps."""

    rows: int
    """The most steps that the table holds."""

    def fill(self, first: int, count: int) -> None:
        """Write the batches of `count` steps of the stage from step `first` into rows 0.."""

    def gather(self, row: Tensor) -> tuple[Tensor, Tensor]:
        """Return LR (N, 3, h, w) and HR (N, 3, scale * h, scale * w), float32 RGB in 0..1.

        Args:
            row: (1,) int64 on the device. No other thing on the host decides what is computed.
        """


def crop_table(sampler: CropSampler, device: torch.device, rows: int) -> CropTable:
    """Return a table of up to `rows` steps; its images are copied to the device if they fit."""
    if _bytes_of(sampler.stores) <= MOST_SHARE * _memory_bytes(device):
        return PlaceTable(sampler, device, rows)
    return PixelTable(sampler, device, rows)


class DeviceImages:
    """The pixels of several stores on a device: flat uint8, LR and HR.

    Args:
        stores: Packed images.
        device: Where they go.
    """

    def __init__(self, stores: Sequence[ImageStore], device: torch.device) -> None:
        pixels = [store.pixels() for store in stores]
        self.lr = _joined([lr for lr, _ in pixels]).to(device)
        self.hr = _joined([hr for _, hr in pixels]).to(device)
        if device.type == "cuda":
            torch.cuda.current_stream().synchronize()  # other streams read them, too
        sizes = [hr.size for _, hr in pixels]
        self._begins = [sum(sizes[:number]) for number in range(len(sizes))]
        self._stores = tuple(stores)

    def place(self, number: int, index: int) -> tuple[int, int, int, int]:
        """Return (LR begin, LR width in px, HR begin, HR width in px) of an image of a store."""
        store = self._stores[number]
        begin = self._begins[number] + store.begin(index)
        width = store.size_px(index)[1]
        return begin // store.scale**2, width // store.scale, begin, width


_ON_DEVICE: WeakValueDictionary[tuple[str, ...], DeviceImages] = WeakValueDictionary()
"""Trainings of one process share their images."""


class PlaceTable:
    """Rows hold where the crops lie; the pixels are gathered from images on the device."""

    def __init__(self, sampler: CropSampler, device: torch.device, rows: int) -> None:
        key = (str(device), *(store.content_hash for store in sampler.stores))
        images = _ON_DEVICE.get(key) or DeviceImages(sampler.stores, device)
        self._images = _ON_DEVICE[key] = images
        self._sampler, self.rows = sampler, rows
        shape = (rows, sampler.batch_size, _COLUMNS)
        self._staged = _pinned(torch.zeros(shape, dtype=torch.int64), device)
        self._table = self._staged.to(device)
        self._peak = torch.tensor(255.0, device=device)
        """On the device, as CUDA multiplies by the inverse of a number of the host."""
        self._sides = [
            torch.arange(px, device=device) for px in (sampler.lr_px, sampler.lr_px * sampler.scale)
        ]
        self._channels = torch.arange(3, device=device).view(1, 3, 1, 1)

    def fill(self, first: int, count: int) -> None:
        """See `CropTable`."""
        staged = self._staged.numpy()
        for row in range(count):
            for slot, crop in enumerate(self._sampler.crops(first + row)):
                place = self._images.place(crop.store, crop.index)
                staged[row, slot] = (*place, crop.y, crop.x, crop.turn)
        self._table[:count].copy_(self._staged[:count], non_blocking=True)

    def gather(self, row: Tensor) -> tuple[Tensor, Tensor]:
        """See `CropTable`."""
        columns = self._table.index_select(0, row)[0].unbind(dim=1)
        lr_begin, lr_width, hr_begin, hr_width, y, x, turn = columns
        scale = self._sampler.scale
        lr = self._patches(self._images.lr, lr_begin, lr_width, (y, x), turn, self._sides[0])
        corner = (y * scale, x * scale)
        return lr, self._patches(self._images.hr, hr_begin, hr_width, corner, turn, self._sides[1])

    def _patches(
        self,
        pixels: Tensor,
        begin: Tensor,
        width: Tensor,
        corner: tuple[Tensor, Tensor],
        turn: Tensor,
        side: Tensor,
    ) -> Tensor:
        """Return patches (N, 3, n, n); begin, width, corner and turn are (N,), side is (n,)."""
        along, back, turns = side[None], len(side) - 1 - side[None], turn[:, None]
        rows = torch.where((turns & 1) > 0, back, along)  # (N, n)
        columns = torch.where((turns & 2) > 0, back, along)
        transposed = (turns[..., None] & 4) > 0
        down = torch.where(transposed, rows[:, None, :], rows[:, :, None])  # (N, n, n)
        right = torch.where(transposed, columns[:, :, None], columns[:, None, :])
        y, x = (edge[:, None, None] for edge in corner)
        index = begin[:, None, None] + 3 * ((y + down) * width[:, None, None] + x + right)
        return torch.div(pixels[index[:, None] + self._channels], self._peak)


class PixelTable:
    """Rows hold crops that are cut on the host, uint8."""

    def __init__(self, sampler: CropSampler, device: torch.device, rows: int) -> None:
        lr_px, count = sampler.lr_px, sampler.batch_size
        sides = (lr_px, lr_px * sampler.scale)
        a_row = sum(count * side * side * 3 for side in sides)
        self.rows = max(1, min(rows, _UPLOADED_BYTES // a_row))
        self._sampler = sampler
        shapes = [(self.rows, count, side, side, 3) for side in sides]
        self._staged = [_pinned(torch.zeros(s, dtype=torch.uint8), device) for s in shapes]
        self._tables = [staged.to(device) for staged in self._staged]
        self._peak = torch.tensor(255.0, device=device)

    def fill(self, first: int, count: int) -> None:
        """See `CropTable`."""
        for row in range(count):
            for staged, patches in zip(self._staged, self._sampler.batch(first + row), strict=True):
                staged[row] = torch.from_numpy(patches)
        for table, staged in zip(self._tables, self._staged, strict=True):
            table[:count].copy_(staged[:count], non_blocking=True)

    def gather(self, row: Tensor) -> tuple[Tensor, Tensor]:
        """See `CropTable`."""
        lr, hr = (table.index_select(0, row)[0].permute(0, 3, 1, 2) for table in self._tables)
        return self._values(lr), self._values(hr)

    def _values(self, pixels: Tensor) -> Tensor:
        return torch.div(pixels.contiguous(), self._peak)


def _joined(pixels: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate(pixels))


def _pinned(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.pin_memory() if device.type == "cuda" else tensor


def _bytes_of(stores: Sequence[ImageStore]) -> int:
    return sum(array.size for store in stores for array in store.pixels())


def _memory_bytes(device: torch.device) -> float:
    if device.type != "cuda":
        return float("inf")
    return float(torch.cuda.get_device_properties(device).total_memory)
