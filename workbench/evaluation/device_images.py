"""Images on the device that scores them: uploaded from pinned memory, and kept between validations.

A training scores the same validation images every few hundred steps, and so does every training
beside it in the process. Sets of packed images are kept, up to a bound.
"""

import threading
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from workbench.data.image_store import ImageStore
from workbench.data.pairs import ImagePairs

MOST_BYTES = 2**30
"""Of the images that are kept: as many as 100 images of 2K."""

Uploaded = tuple[Tensor, Tensor]
"""LR and HR image, (h, w, 3) and (scale * h, scale * w, 3) uint8."""


@dataclass
class KeptImages:
    """Images by set. Threads may use it together.

    When it is full, a set that was not used for longest makes place for another one. A set larger
    than the bound is kept in part: its other images are uploaded each time.
    """

    most_bytes: int = MOST_BYTES
    _sets: dict[tuple[str, torch.device], dict[int, Uploaded]] = field(default_factory=dict)
    """By content hash and device; the one used last comes last."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, images: ImageStore, index: int, device: torch.device) -> Uploaded:
        """Return one image of a set, uploaded if it is not there yet."""
        key = (images.content_hash, device)
        with self._lock:
            found = self._sets.pop(key, {})
            self._sets[key] = found
            if index in found:
                return found[index]
        pair = upload(images, index, device)
        if device.type == "cuda":
            torch.cuda.current_stream(device).synchronize()  # other streams will read it
        with self._lock:
            if self._make_place(key, _bytes(pair)):
                self._sets.setdefault(key, {})[index] = pair
        return pair

    def bytes_kept(self) -> int:
        """Return the size of all images that are kept."""
        return sum(_bytes(pair) for pairs in self._sets.values() for pair in pairs.values())

    def clear(self) -> None:
        """Forget all images, whose memory is then free."""
        with self._lock:
            self._sets.clear()

    def _make_place(self, key: tuple[str, torch.device], needed: int) -> bool:
        """Evict other sets until `needed` bytes are free; return whether they are."""
        others = [other for other in self._sets if other != key]
        while self.bytes_kept() + needed > self.most_bytes and others:
            del self._sets[others.pop(0)]
        return self.bytes_kept() + needed <= self.most_bytes


def upload(images: ImagePairs, index: int, device: torch.device) -> Uploaded:
    """Copy one image to the device; a copy to CUDA is queued, not waited for."""
    return _moved(images.lr(index), device), _moved(images.hr(index), device)


def _moved(image: np.ndarray, device: torch.device) -> Tensor:
    values = torch.from_numpy(image.copy())  # packed images are read-only
    if device.type == "cuda":
        values = values.pin_memory()
    return values.to(device, non_blocking=True)


def _bytes(pair: Uploaded) -> int:
    return sum(image.numel() * image.element_size() for image in pair)
