"""Running a network tile by tile, for images that do not fit in memory.

Tiles partition the image exactly; each sees `overlap` px more on every inner side, and each output
pixel comes from one tile. For a network of local operations whose reach is at most the overlap the
result is that of the whole image. MDRN is not such a network: CCA pools over the whole map, and
MDSA works on a grid of 6 px. Its tiled scores differ in the last digits, which is why tiles are
part of a score's protocol.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Span:
    """One tile along one axis, in LR px."""

    start: int
    stop: int
    """start..stop is the tile's own part."""
    seen_start: int
    seen_stop: int
    """What the network is shown."""


def spans(length: int, tile: int, overlap: int, smallest: int) -> Iterator[Span]:
    """Cut an axis into tiles.

    Args:
        length: Of the axis in LR px.
        tile: Length of a tile's own part.
        overlap: What it sees more on each inner side.
        smallest: Least length that the network accepts; a short last tile sees more to reach it.
    """
    for start in range(0, length, tile):
        stop = min(start + tile, length)
        seen_start, seen_stop = max(0, start - overlap), min(length, stop + overlap)
        if seen_stop - seen_start < smallest:
            seen_start = max(0, min(seen_start, seen_stop - smallest))
            seen_stop = min(length, max(seen_stop, seen_start + smallest))
        yield Span(start, stop, seen_start, seen_stop)


def run_tiled(
    model: Callable[[Tensor], Tensor],
    lr: Tensor,
    *,
    scale: int,
    tile_lr_px: int,
    overlap_lr_px: int,
    smallest_lr_px: int = 1,
) -> Tensor:
    """Run a network tile by tile: (1, 3, h, w) -> (1, 3, scale * h, scale * w) on the CPU."""
    height, width = lr.shape[2], lr.shape[3]
    out = torch.empty(1, 3, height * scale, width * scale)
    for rows in spans(height, tile_lr_px, overlap_lr_px, smallest_lr_px):
        for columns in spans(width, tile_lr_px, overlap_lr_px, smallest_lr_px):
            seen = lr[
                :, :, rows.seen_start : rows.seen_stop, columns.seen_start : columns.seen_stop
            ]
            tile = model(seen)
            top, left = rows.start - rows.seen_start, columns.start - columns.seen_start
            out[
                :,
                :,
                rows.start * scale : rows.stop * scale,
                columns.start * scale : columns.stop * scale,
            ] = tile[
                :,
                :,
                top * scale : (top + rows.stop - rows.start) * scale,
                left * scale : (left + columns.stop - columns.start) * scale,
            ]
    return out
