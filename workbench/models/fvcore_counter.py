"""FLOPs as fvcore counts them: the figure of the NTIRE challenge on efficient SR since 2024.

fvcore traces the network and adds what it knows the cost of: the multiply-adds of convolutions and
matrix products, four for each output value of a bilinear interpolation, one for each input value of
an adaptive average pooling, a few for each value that is normalised. It leaves out activations,
other poolings, variances, and every addition and multiplication of feature maps.

Source: https://github.com/facebookresearch/fvcore/blob/main/docs/flop_count.md
"""

import copy
import warnings
from functools import lru_cache

import torch
from torch import nn

from workbench.config.model import ModelConfig
from workbench.config.published import title_of
from workbench.models.factory import build_model
from workbench.models.foreign import foreign_code
from workbench.models.network import MDRN
from workbench.system.global_state import import_effects_undone

MOST_LR_PX = 512 * 512
"""Height times width of the largest input that is counted: tracing runs the network on the CPU."""


def fvcore_flops(model: nn.Module, lr_height_px: int, lr_width_px: int) -> int:
    """Count one forward pass of one image, by running a copy of the network on the CPU.

    Networks of the family are counted once for each config and size.

    Args:
        model: (1, 3, h, w) to (1, 3, H, W), on any device; its mode is left as it is.
        lr_height_px: h.
        lr_width_px: w; h * w is at most `MOST_LR_PX`.

    Returns:
        A multiply-add counts as one.

    Raises:
        ValueError: If the input is larger than `MOST_LR_PX`.
        InputSizeError: If the size is below the smallest input of a network of the family.
        ForeignCodeError: If the network cannot be traced.
    """
    if lr_height_px * lr_width_px > MOST_LR_PX:
        raise ValueError(f"at most {MOST_LR_PX:,} px, got {lr_width_px} x {lr_height_px}")
    if isinstance(model, MDRN):
        return _of_config(model.config, lr_height_px, lr_width_px)
    name = str(getattr(model, "name", type(model).__name__))
    with foreign_code(name, "copied to the CPU"):
        copied = copy.deepcopy(model).to("cpu")
    return _traced(copied, name, lr_height_px, lr_width_px)


@lru_cache(maxsize=256)
def _of_config(config: ModelConfig, height: int, width: int) -> int:
    return _traced(build_model(config), title_of(config), height, width)


@import_effects_undone()
def _traced(model: nn.Module, name: str, height: int, width: int) -> int:
    """Trace a network that nothing else uses."""
    with foreign_code(name, "traced by fvcore"):
        warnings.simplefilter("ignore")  # torch.jit, which fvcore traces by, is deprecated
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(model.eval(), torch.zeros(1, 3, height, width))
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        with torch.no_grad():
            return int(analysis.total())
