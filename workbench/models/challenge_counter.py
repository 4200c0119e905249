"""The FLOPs that the NTIRE challenge's counter gives, because published tables hold its figures.

It adds one for each ReLU-family output, knows no matrix product outside `nn.Linear`, and counts
those by a rule that is wrong for anything but vectors. XPixel's BSRN writes its 1x1 convolutions as
`nn.Linear`, so its figure there is a fifth of the truth.
"""

from typing import Any

from torch import Tensor, nn

from workbench.errors import CheckpointError
from workbench.models.layers import DepthwiseConvolution, PlainConvolution
from workbench.models.network import MDRN
from workbench.models.published.table import family_of

RELU_FAMILY = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ReLU6)
FUSED_RELU_FAMILY = ("relu", "leaky-relu")
"""Those that our convolutions apply themselves, by name."""


def has_pointwise_as_linear(model: MDRN) -> bool:
    """Tell whether the published code of this very network has `nn.Linear` for 1x1."""
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    try:
        return family_of(model.config, shapes).pointwise_as_matrices
    except CheckpointError:
        return False


class ChallengeExtras:
    """What the challenge's counter adds to the multiply-adds of the convolutions."""

    def __init__(self) -> None:
        self.flops = 0

    def watch(self, model: nn.Module, *, pointwise_as_linear: bool) -> list[Any]:
        """Hook every module that the counter treats in its own way; return the hooks."""
        hooks = []
        for module in model.modules():
            if isinstance(module, RELU_FAMILY):
                hooks.append(module.register_forward_hook(self._relu))
            elif isinstance(module, DepthwiseConvolution | PlainConvolution):
                hooks.append(module.register_forward_hook(self._fused_relu, with_kwargs=True))
            elif isinstance(module, nn.Linear):
                hooks.append(module.register_forward_hook(self._linear))
            elif pointwise_as_linear and _is_pointwise(module):
                hooks.append(module.register_forward_hook(self._pointwise))
        return hooks

    def _relu(self, _module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.flops += output.numel()

    def _fused_relu(
        self, _module: nn.Module, _inputs: Any, named: dict[str, Any], output: Tensor
    ) -> None:
        if named.get("activation") in FUSED_RELU_FAMILY:
            self.flops += output.numel()

    def _linear(self, _module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if inputs and inputs[0].ndim > 1:  # others than matrices are nothing to that counter
            self.flops += inputs[0].shape[0] * inputs[0].shape[1] * output.shape[1]

    def _pointwise(self, _module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Count as `nn.Linear` on (N, H, W, C) in place of the true multiply-adds."""
        batch, _, height, _ = inputs[0].shape
        self.flops += batch * height * height - output.numel() * inputs[0].shape[1]


def _is_pointwise(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1
