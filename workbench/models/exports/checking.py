"""The images on which an exported network must give the output of the network itself."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from workbench.errors import ExportError

Run = Callable[[Tensor], Tensor]
"""An exported network: (N, 3, h, w) -> (N, 3, scale * h, scale * w)."""

_SIZES_PX = ((1, 0, 0), (1, 18, 25), (2, 13, 32), (1, 46, 15))
"""Images of a batch, and what height and width have more than the smallest input: odd and even."""


def check_images(smallest_lr_px: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Return batches of four sizes, (N, 3, h, w) in 0..1: noise, and one white image.

    The first size is the network's smallest one; heights and widths differ and are odd and even.

    Args:
        smallest_lr_px: Least height and width that the network accepts, LR px.
        dtype: Of the images.
    """
    generator = torch.Generator().manual_seed(0)
    batches = []
    for count, taller, wider in _SIZES_PX:
        size = (count, 3, smallest_lr_px + taller, smallest_lr_px + wider)
        batch = torch.rand(size, generator=generator)
        batch[1:] = 1.0
        batches.append(batch.to(dtype))
    return batches


def largest_difference(network: nn.Module, exported: Run, images: list[Tensor], what: str) -> float:
    """Return by how much the output of an exported network differs at most from the network's.

    Args:
        network: The network, in float32 and evaluation mode, on the CPU.
        exported: What was exported; it gets the images as they are.
        images: From `check_images`.
        what: What errors call the exported network.

    Returns:
        The largest absolute difference of one value, of RGB in 0..1.

    Raises:
        ExportError: If an output has another shape, or values that are infinite or not numbers.
    """
    largest = 0.0
    for image in images:
        with torch.inference_mode():
            expected = network(image.float())
            found = exported(image)
        size = f"{image.shape[3]}x{image.shape[2]} px"
        if found.shape != expected.shape:
            raise ExportError(
                f"{what}: at {size} the output must have the shape {tuple(expected.shape)}, "
                f"got {tuple(found.shape)}"
            )
        for output, whose in ((expected, "the network"), (found, what)):
            if not bool(torch.isfinite(output).all()):
                raise ExportError(
                    f"{whose} gives values that are infinite or not numbers at {size}"
                    f"{_cause(output)}; nothing is written"
                )
        largest = max(largest, float((found.double() - expected.double()).abs().max()))
    return largest


def _cause(output: Tensor) -> str:
    if output.dtype is not torch.float16:
        return ""
    return " (the range of fp16 ends at 65,504; export it in fp32)"
