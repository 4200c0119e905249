"""`Operations`: what the networks compute, so that it can be exchanged.

All tensors are (N, C, H, W). An implementation has no state: one object serves all networks, lanes
and streams of a process. `eager.py` has PyTorch's own operations, which the others must agree with.
"""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from workbench.config.attention import Activation, Padding

POOL_STRIDE = 3
"""Step in px from one window of a dispersion branch to the next, in pooling and in L-var."""


class Operations(Protocol):
    """What a network of the family needs.

    Under autocast the arguments come as the network has them: maps in half precision, parameters
    in float32. Results have the dtype that the eager operations give there.
    """

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
        """Return activation(convolve(x * scale) + bias + skip), a depthwise 3x3 convolution.

        Args:
            x: (N, C, H, W); at least 2 x 2 px if the border is mirrored.
            weight: (C, 1, 3, 3).
            bias: (C,), or None.
            stride: 1 or 2.
            padding: What the border of 1 px holds. It is added after the scale.
            scale: (N, C, 1, 1), a factor for each map; None is 1.
            skip: Added before the activation; shaped like the output.
            activation: By name; None is the identity.

        Returns:
            (N, C, ceil(H / stride), ceil(W / stride)).
        """

    def pointwise(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return the 1x1 convolution of x.

        Args:
            x: (N, C, H, W).
            weight: (C', C, 1, 1).
            bias: (C',), or None.

        Returns:
            (N, C', H, W).
        """

    def pad(self, x: Tensor, px: int, padding: Padding) -> Tensor:
        """Return (N, C, H + 2 px, W + 2 px), with zeros or the mirrored map on all four sides.

        Mirroring does not repeat the outermost row, so it needs H and W above `px`.
        """

    def spread_sum(
        self, maps: Sequence[Tensor], base: Tensor | None, size: tuple[int, int]
    ) -> Tensor:
        """Enlarge maps bilinearly (`align_corners=False`) and add them up.

        Args:
            maps: At least one map, (N, f, h_i, w_i) each, down to 1 x 1 px.
            base: (N, f, H, W), added last; None adds nothing.
            size: H and W in px, at least those of each map.

        Returns:
            (N, f, H, W).
        """

    def local_variance(self, x: Tensor, level: int, pad: int) -> Tensor:
        """Return the unbiased variance of each window of level x level px, `POOL_STRIDE` px apart.

        Args:
            x: (N, f, H, W).
            level: Side of the windows in px.
            pad: By how many px the map is mirrored on each side first; below H and W.

        Returns:
            (N, f, H', W') with H' = (H + 2 pad - level) // `POOL_STRIDE` + 1, at least in float32.
        """

    def contrast_and_mean(self, x: Tensor) -> Tensor:
        """Return each map's population standard deviation plus its mean.

        The gradient of the deviation is 0 where a map is flat; that of a plain square root would
        be no number.

        Returns:
            (N, C, 1, 1), at least in float32.
        """

    def gate(self, x: Tensor, logits: Tensor, *, add_input: bool = False) -> Tensor:
        """Return x * sigmoid(logits), plus x if `add_input`.

        Args:
            x: (N, C, H, W).
            logits: Shaped like x.
            add_input: Whether the gate has a skip around it.
        """
