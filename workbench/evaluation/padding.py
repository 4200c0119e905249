"""Images below a network's least size: padded by reflection, and their output cropped."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def padded_to(image: Tensor, least_px: int) -> Tensor:
    """Pad the right and the bottom of an image by reflection without repeating the edge.

    Where the image is shorter than what is missing, its reflection is reflected again; a single
    row or column is repeated.

    Args:
        image: (N, C, h, w).
        least_px: Least height and width of the result.

    Returns:
        The image itself if both sides are long enough.
    """
    for axis in (2, 3):
        missing = least_px - image.shape[axis]
        if missing > 0:
            order = np.pad(np.arange(image.shape[axis]), (0, missing), mode="reflect")
            index = torch.from_numpy(order).to(image.device)
            image = image.index_select(axis, index)
    return image


def padding_remark(needs: Sequence[tuple[str, int]], lr_sizes: Sequence[tuple[int, int]]) -> str:
    """Say which networks see padded images; nothing if none does.

    Args:
        needs: Name and least height and width (LR px) of each network.
        lr_sizes: Height and width of each image, LR px.
    """
    shortest = [min(size) for size in lr_sizes]
    told = [
        f"{sum(side < least for side in shortest)} of {len(shortest)} for {name} "
        f"({least}x{least} LR px)"
        for name, least in needs
        if min(shortest, default=least) < least
    ]
    if not told:
        return ""
    return (
        "images below a network's least size are padded by reflection, and the output is cropped: "
        + ", ".join(told)
    )
