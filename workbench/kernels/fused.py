"""`FUSED`: the operations of the networks by Triton kernels. Importing this file imports no Triton.

Which maps the kernels take: float32, bfloat16 and float16 on a CUDA device; a depthwise convolution
under autocast takes them as PyTorch's would. All else goes to the eager operations: float64, empty
batches, tensors on a CPU (unless Triton interprets its kernels, `TRITON_INTERPRET=1`), sums of more
than four maps, L-var above level 15, and shapes that PyTorch refuses, with its own message.

Parameters stay in the dtype that they have, float32 under autocast; kernels add up in float32, so
results are at least as near to float64's as those of the eager operations.
"""

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.config.attention import Activation, Padding
from workbench.errors import WorkbenchError
from workbench.kernels.eager import EAGER
from workbench.kernels.planes import MOST_MAPS

DTYPES = (torch.float32, torch.bfloat16, torch.float16)
LARGEST_LEVEL = 15
"""Whose windows fit into registers."""


def fused_available(device: torch.device | str) -> bool:
    """Return whether the kernels run on a device: Triton is installed, and it is CUDA.

    With `TRITON_INTERPRET=1` Triton interprets its kernels on any device, slowly, for tests.
    """
    if importlib.util.find_spec("triton") is None:
        return False
    return torch.device(device).type == "cuda" or _interpreted()


def require_fused(device: torch.device | str) -> None:
    """Raise the reason why the kernels cannot run on a device.

    Raises:
        WorkbenchError: Triton is missing, or the device is not CUDA.
    """
    if importlib.util.find_spec("triton") is None:
        raise WorkbenchError(
            "fused kernels need Triton, which ships with PyTorch on Linux; without it, choose the "
            "kernels eager"
        )
    if not fused_available(device):
        raise WorkbenchError(f"fused kernels need a CUDA device, got {torch.device(device)}")


@dataclass(frozen=True)
class FusedOperations:
    """`Operations` by kernels, where they apply, each with a backward without atomics."""

    def depthwise(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        *,
        stride: int = 1,
        padding: Padding = "zeros",
        scale: Tensor | None = None,
        skip: Tensor | None = None,
        activation: Activation | None = None,
    ) -> Tensor:
        """Return activation(convolve(x * scale) + bias + skip), in one kernel."""
        smallest = 2 if padding == "reflect" else 1
        if not _applies(x) or min(x.shape[2:]) < smallest:
            return EAGER.depthwise(
                x,
                weight,
                bias,
                stride=stride,
                padding=padding,
                scale=scale,
                skip=skip,
                activation=activation,
            )
        from workbench.kernels.depthwise import Form, depthwise

        form = Form(stride, padding, activation, _needs_gradient(x, weight, bias, scale, skip))
        return depthwise(_as_convolved(x), weight, bias, scale, skip, form)

    def pointwise(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return the 1x1 convolution, as products of matrices."""
        if not _applies(x):
            return EAGER.pointwise(x, weight, bias)
        from workbench.kernels.pointwise import pointwise

        trained = _needs_gradient(x, weight, bias)
        return pointwise(_as_convolved(x), weight, bias, differentiable=trained)

    def pad(self, x: Tensor, px: int, padding: Padding) -> Tensor:
        """Return the map with a border of `px` on all sides, by PyTorch's operations."""
        return EAGER.pad(x, px, padding)

    def spread_sum(
        self, maps: Sequence[Tensor], base: Tensor | None, size: tuple[int, int]
    ) -> Tensor:
        """Return the sum of the enlarged maps and the base, in one kernel."""
        given = maps if base is None else [*maps, base]
        largest = 2 * max(size) * max(side for x in maps for side in x.shape[2:])
        if not _applies(*given) or len(maps) > MOST_MAPS or largest >= 2**31:
            return EAGER.spread_sum(maps, base, size)
        from workbench.kernels.spread import spread_sum

        return spread_sum(maps, base, size)

    def local_variance(self, x: Tensor, level: int, pad: int) -> Tensor:
        """Return the unbiased variance of each window, in one kernel; levels 2 to 15."""
        shortest = min(x.shape[2:])
        fits = pad < shortest and 2 * pad < level <= shortest + 2 * pad
        if not _applies(x) or not fits or not 1 < level <= LARGEST_LEVEL:
            return EAGER.local_variance(x, level, pad)
        from workbench.kernels.variance import local_variance

        return local_variance(x, level, pad)

    def contrast_and_mean(self, x: Tensor) -> Tensor:
        """Return each map's population standard deviation plus its mean, in one kernel."""
        if not _applies(x):
            return EAGER.contrast_and_mean(x)
        from workbench.kernels.statistics import contrast_and_mean

        return contrast_and_mean(x)

    def gate(self, x: Tensor, logits: Tensor, *, add_input: bool = False) -> Tensor:
        """Return x * sigmoid(logits), plus x if `add_input`, in one kernel."""
        if not _applies(x, logits) or x.shape != logits.shape:
            return EAGER.gate(x, logits, add_input=add_input)
        from workbench.kernels.gate import gate

        return gate(x, logits, add_input)


FUSED = FusedOperations()
"""The kernels; one object serves all networks, lanes and streams of a process."""


def _interpreted() -> bool:
    return os.environ.get("TRITON_INTERPRET") == "1"


def _applies(*tensors: Tensor) -> bool:
    """Return whether the kernels take these maps."""
    return all(
        x.dtype in DTYPES and x.numel() > 0 and (x.is_cuda or _interpreted()) for x in tensors
    )


def _needs_gradient(*tensors: Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)


def _as_convolved(x: Tensor) -> Tensor:
    """Return x in the dtype in which autocast, if it is on, would give it to a convolution."""
    kind = x.device.type
    return x.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else x
