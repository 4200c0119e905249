"""Names of RFDN, of EFDN (NEESR) and of BSRN (XPixel), NTIRE 2022 efficient SR challenge.

The three share blocks `B1`, `B2`, ... with `c1_d`, `c1_r`, ..., `c5` and `esa`. What a file does
not tell - range, activations, skips - is that of the family's preset.
"""

from workbench.config.attention import EsaConfig, ParallelEsaConfig
from workbench.config.block import BlockConfig
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.models.published.family import (
    Family,
    Shapes,
    block_fields,
    block_names,
    convolution_names,
    number_of_blocks,
    part,
    scale_of,
    size,
)

ESA = {"squeeze": "conv1", "refinement": "conv_f", "strided": "conv2", "expand": "conv4"}
ESA_INNER = ("conv_max", "conv3", "conv3_")
PARALLEL_ESA = {
    **{"squeeze": "conv1", "refinement": "conv_f", "expand": "conv4"},
    **{"convolutions.0": "conv_2", "convolutions.1": "conv_3", "join": "conv_23"},
}
CHANNEL_WEIGHT = {"weight": "cw", "pointwise": "conv_out"}
BSRN_UPSAMPLER = "upsampler.upsampleOneStep.0"


def _rfdn(config: ModelConfig) -> dict[str, str]:
    trunk = {
        "shallow": "fea_conv",
        "fusion": "c.0",
        "smooth": "LR_conv",
        "upsampler.0": "upsampler.0",
    }
    return trunk | _blocks(config, "")


def _efdn(config: ModelConfig) -> dict[str, str]:
    trunk = {"shallow": "fea_conv", "smooth": "LR_conv", "upsampler.0": "upsampler.0"}
    return trunk | _blocks(config, ".conv3x3")


def _bsrn(config: ModelConfig) -> dict[str, str]:
    trunk = {"fusion": "c1", "upsampler.0": BSRN_UPSAMPLER}
    trunk |= convolution_names("shallow", "fea_conv", config.shallow_convolution)
    trunk |= convolution_names("smooth", "c2", config.convolution)
    return trunk | _blocks(config, "")


def _blocks(config: ModelConfig, suffix: str) -> dict[str, str]:
    """Return the names in all blocks; `suffix` follows the name of a step's 3x3 convolution."""
    names: dict[str, str] = {}
    for index, block in enumerate(config.resolved_blocks()):
        inside = block_names(block, suffix)
        inside |= {f"spatial_attention.{a}": f"esa.{b}" for a, b in _attention(block).items()}
        inside |= {f"channel_attention.{a}": b for a, b in CHANNEL_WEIGHT.items()}
        names |= {f"blocks.{index}.{a}": f"B{index + 1}.{b}" for a, b in inside.items()}
    return names


def _attention(block: BlockConfig) -> dict[str, str]:
    match block.spatial_attention:
        case EsaConfig():
            inner = [
                convolution_names(f"convolutions.{number}", name, block.convolution)
                for number, name in enumerate(ESA_INNER)
            ]
            return {**ESA, **inner[0], **inner[1], **inner[2]}
        case ParallelEsaConfig():
            return PARALLEL_ESA
        case _:
            return {}


def _infer_rfdn(shapes: Shapes) -> ModelConfig:
    return _infer(shapes, "rfdn", "fea_conv.weight", "upsampler.0.weight", ".weight")


def _infer_efdn(shapes: Shapes) -> ModelConfig:
    return _infer(shapes, "efdn", "fea_conv.weight", "upsampler.0.weight", ".conv3x3.weight")


def _infer_bsrn(shapes: Shapes) -> ModelConfig:
    config = _infer(shapes, "bsrn", "fea_conv.pw.weight", f"{BSRN_UPSAMPLER}.weight", ".pw.weight")
    return apply_overrides(config, {"input_repeats": size(shapes, "fea_conv.pw.weight", 1) // 3})


def _infer(
    shapes: Shapes, preset: str, shallow: str, upsampler: str, last_suffix: str
) -> ModelConfig:
    channels, first = size(shapes, shallow, 0), part(shapes, "B1.")
    overrides = {
        "scale": scale_of(shapes, upsampler),
        "channels": channels,
        "blocks": number_of_blocks(shapes, r"B(\d+)\.", 1),
        "spatial_attention.squeeze_ratio": channels // size(first, "esa.conv1.weight", 0),
        **block_fields(first, channels, last_suffix),
    }
    return apply_overrides(PRESETS[preset], overrides)


EFDN_NAMES = Family("EFDN (NEESR)", r"B1\.c1_r\.conv3x3\.weight", _efdn, _infer_efdn)
BSRN_NAMES = Family("BSRN", r"fea_conv\.pw\.weight", _bsrn, _infer_bsrn, True)
RFDN_NAMES = Family("RFDN", r"LR_conv\.weight", _rfdn, _infer_rfdn)
