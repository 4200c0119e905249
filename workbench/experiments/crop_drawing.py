"""The five pictures of an image crop, from what two networks gave. torch is imported late."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.data.bicubic import imresize
from workbench.reporting.crops import FURTHER, NEARER, SIDE_PX, CropRecord

Picture = NDArray[np.uint8]
"""RGB, (height, width, 3)."""

_REACH_LR_PX = 4
"""More than the bicubic kernel reaches."""


@dataclass(frozen=True)
class Window:
    """A square part of an HR image, in px."""

    top: int
    left: int
    side: int

    def cut(self, picture: Picture) -> Picture:
        """Return the part of (height, width, 3) as (side, side, 3)."""
        return picture[self.top : self.top + self.side, self.left : self.left + self.side]


def draw(
    hr: Picture, lr: Picture, against: Picture, variant: Picture
) -> tuple[dict[str, Picture], CropRecord]:
    """Choose the crop of an image and draw its pictures.

    Args:
        hr: (height, width, 3).
        lr: (height // scale, width // scale, 3).
        against: Output of the network that is compared with, (height, width, 3).
        variant: Output of the variant, likewise.

    Returns:
        The pictures by name, each (side, side, 3), and what the crop shows.
    """
    window = choose_window(hr, against, variant)
    pictures = {
        "hr": window.cut(hr),
        "bicubic": bicubic(lr, hr.shape[0] // lr.shape[0], window),
        "against": window.cut(against),
        "variant": window.cut(variant),
    }
    pictures["error"], limit = error_map(*(pictures[n] for n in ("hr", "against", "variant")))
    record = CropRecord(
        top_px=window.top,
        left_px=window.left,
        side_px=window.side,
        bicubic_db=_psnr_db(pictures["bicubic"], pictures["hr"]),
        against_db=_psnr_db(pictures["against"], pictures["hr"]),
        variant_db=_psnr_db(pictures["variant"], pictures["hr"]),
        limit_levels=limit,
    )
    return pictures, record


def choose_window(hr: Picture, against: Picture, variant: Picture) -> Window:
    """Return where the squared errors of two networks differ most, the first such place.

    Args:
        hr: (height, width, 3).
        against: Output of the network that is compared with, likewise.
        variant: Output of the variant, likewise.
    """
    side = min(SIDE_PX, *hr.shape[:2])
    differing = np.abs(_squared_error(variant, hr) - _squared_error(against, hr))
    # Sums of all rectangles from the corner: exact, so that equal windows stay equal.
    sums = np.pad(differing.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return Window(int(top), int(left), side)


def _squared_error(picture: Picture, hr: Picture) -> NDArray[np.int64]:
    """Return the sum over RGB, (height, width)."""
    error = picture.astype(np.int32) - hr
    total: NDArray[np.int64] = np.square(error, out=error).sum(axis=2, dtype=np.int64)
    return total


def bicubic(lr: Picture, scale: int, window: Window) -> Picture:
    """Enlarge an LR image by the kernel that LR images are made with, in one window.

    Args:
        lr: (height, width, 3).
        scale: 2, 3 or 4.
        window: In the enlarged image.

    Returns:
        (side, side, 3), rounded.
    """
    import torch

    # Only what the window needs: the resizing copies its image several times.
    first = [max(0, begin // scale - _REACH_LR_PX) for begin in (window.top, window.left)]
    last = [
        -(-(begin + window.side) // scale) + _REACH_LR_PX for begin in (window.top, window.left)
    ]
    seen = lr[first[0] : last[0], first[1] : last[1]]
    with one_thread(), torch.inference_mode():
        image = torch.from_numpy(seen.copy()).permute(2, 0, 1)[None].double()
        large = imresize()(image, sizes=(seen.shape[0] * scale, seen.shape[1] * scale))[0]
        values: Picture = large.round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    moved = Window(window.top - first[0] * scale, window.left - first[1] * scale, window.side)
    return moved.cut(values)


def error_map(hr: Picture, against: Picture, variant: Picture) -> tuple[Picture, float]:
    """Draw where the variant is further from HR than the other network, and where it is nearer.

    Args:
        hr: (height, width, 3).
        against: Output of the network that is compared with, likewise.
        variant: Output of the variant, likewise.

    Returns:
        The picture, and the difference of the mean absolute errors, in levels of 0..255, that has
        full colour: the largest there is.
    """
    truth = hr.astype(np.float64)
    further = (np.abs(variant - truth) - np.abs(against - truth)).mean(axis=2)
    limit = float(np.abs(further).max())
    share = further[..., None] / (limit or 1.0)
    colour = np.where(share > 0, _rgb(FURTHER), _rgb(NEARER))
    return (255 + np.abs(share) * (colour - 255)).round().astype(np.uint8), limit


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array(list(bytes.fromhex(colour[1:])), dtype=np.float64)


def _psnr_db(picture: Picture, hr: Picture) -> float:
    from workbench.evaluation.metrics import HIGHEST_DB, PEAK

    error = float(_squared_error(picture, hr).mean()) / 3
    return min(float(10 * np.log10(PEAK**2 / error)), HIGHEST_DB) if error else HIGHEST_DB


@contextmanager
def one_thread() -> Iterator[None]:
    """Results depend on the number of threads, so it never comes from the environment."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
