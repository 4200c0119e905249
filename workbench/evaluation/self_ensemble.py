"""Self-ensemble: a network on eight orientations of an image, averaged (x8, EDSR's "+").

Source: Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, CVPR
Workshops 2017, section 3.4.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

ORIENTATIONS = tuple(range(8))
"""Three bits: 1 mirrors left and right, 2 mirrors top and bottom, 4 transposes, in this order."""


class SelfEnsemble(nn.Module):
    """Runs a network once for each orientation of its input, and averages what it gives.

    For each of the eight orientations, in a fixed order: the image is mirrored and transposed, the
    network runs, its output is transposed and mirrored back. The mean is taken in float32, before
    anything is clipped or rounded. The same input gives the same bits wherever the network does.
    """

    def __init__(self, network: nn.Module) -> None:
        """Wrap a network of (N, 3, h, w) to (N, 3, H, W), of any h and w."""
        super().__init__()
        self.network = network

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, H, W), float32."""
        outputs = self._outputs(lr)
        total = next(outputs)
        for out in outputs:
            total = total + out
        return total / len(ORIENTATIONS)

    def _outputs(self, lr: Tensor) -> Iterator[Tensor]:
        for orientation in ORIENTATIONS:
            out = self.network(oriented(lr, orientation).contiguous())
            yield restored(out.to(torch.float32), orientation)


def oriented(image: Tensor, orientation: int) -> Tensor:
    """Return (N, C, h, w) in one of the `ORIENTATIONS`; its sides are swapped from 4 on."""
    if orientation & 1:
        image = image.flip(3)
    if orientation & 2:
        image = image.flip(2)
    return image.transpose(2, 3) if orientation & 4 else image


def restored(image: Tensor, orientation: int) -> Tensor:
    """Undo `oriented`, on an image of any size."""
    if orientation & 4:
        image = image.transpose(2, 3)
    if orientation & 2:
        image = image.flip(2)
    return image.flip(3) if orientation & 1 else image
