"""Names of bbbolt/MDRN.

A block there is `B1`, `B2`, ...; its MDSA is `esa.body.0`, its ECCA `cca.body`; the dispersion
branches D3, D5 and D7 have the indices 0, 1, 2.
"""

from workbench.config.attention import EccaConfig, MdsaConfig
from workbench.config.block import BlockConfig, Convolution
from workbench.config.model import ModelConfig
from workbench.errors import CheckpointError
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

LEVELS = (3, 5, 7)
UPSAMPLER = "upsampler.upsampleOneStep.0"
TRUNK = {"shallow": "fea_conv", "fusion": "c1", "upsampler.0": UPSAMPLER}
ECCA = {
    "pointwise": "cca.body.0",
    "cca.squeeze": "cca.body.2.conv_du.0",
    "cca.excite": "cca.body.2.conv_du.2",
    "depthwise": "cca.body.3",
}
MDSA = {"squeeze": "conv1", "refinement": "conv_f", "expand": "conv4"}
DISPERSION = {"strided": "conv2_{}", "first": "conv_max_{}", "second": "conv3_{}"}
LVAR_D7 = "conv2_3"
"""The published code knows L-var in D7 only."""


def _names(config: ModelConfig) -> dict[str, str]:
    names = dict(TRUNK) | convolution_names("smooth", "c2", config.convolution)
    for index, block in enumerate(config.resolved_blocks()):
        ours, theirs = f"blocks.{index}.", f"B{index + 1}."
        names |= {ours + a: theirs + b for a, b in _block(block).items()}
    return names


def _block(block: BlockConfig) -> dict[str, str]:
    names = block_names(block)
    if isinstance(block.spatial_attention, MdsaConfig):
        names |= _mdsa(block.spatial_attention, block.convolution)
    if isinstance(block.channel_attention, EccaConfig):
        names |= {f"channel_attention.{a}": b for a, b in ECCA.items()}
    return names


def _mdsa(config: MdsaConfig, kind: Convolution) -> dict[str, str]:
    ours, theirs = "spatial_attention.", "esa.body.0."
    names = {ours + a: theirs + b for a, b in MDSA.items()}
    for level in set(config.levels) & set(LEVELS):
        index = LEVELS.index(level)
        for ours_of, name in DISPERSION.items():
            path = f"{ours}dispersion.D{level}.{ours_of}"
            names |= convolution_names(path, theirs + name.format(index), kind)
    return names | convolution_names(f"{ours}dispersion.D7.lvar.strided", theirs + LVAR_D7, kind)


def _infer(shapes: Shapes) -> ModelConfig:
    channels = size(shapes, "fea_conv.weight", 0)
    scale = scale_of(shapes, f"{UPSAMPLER}.weight")
    blocks = number_of_blocks(shapes, r"B(\d+)\.", 1)
    first = part(shapes, "B1.")
    bsconv = any(name.endswith(".pw.weight") for name in first)
    fields = block_fields(first, channels, ".pw.weight" if bsconv else ".weight")
    return ModelConfig.parse(
        {
            "scale": scale,
            "channels": channels,
            "blocks": blocks,
            "convolution": "bsconv" if bsconv else "conv3x3",
            "spatial_attention": _infer_mdsa(part(first, "esa.body.0."), channels),
            "channel_attention": _infer_ecca(first, channels),
            **fields,
        }
    )


def _infer_mdsa(parts: Shapes, channels: int) -> dict[str, object] | None:
    if not parts:
        return None
    here = {name.split(".")[0] for name in parts}
    return {
        "kind": "mdsa",
        "levels": [k for j, k in enumerate(LEVELS) if f"conv2_{j}" in here],
        "lvar": [7] if LVAR_D7 in here else [],
        "squeeze_ratio": channels // size(parts, "conv1.weight", 0),
        "refinement": "conv_f" in here,
    }


def _infer_ecca(first: Shapes, channels: int) -> dict[str, object] | None:
    if not any(name.startswith("cca.") for name in first):
        return None
    hidden = first.get("cca.body.2.conv_du.0.weight")
    if hidden is None:
        return {"kind": "ecca", "cca": None}
    reduction = next((r for r in (16, 8, 4, 2, 1) if max(1, channels // r) == hidden[0]), None)
    if reduction is None:
        raise CheckpointError(f"CCA's hidden width {hidden[0]} fits no reduction of {channels}")
    return {"kind": "ecca", "cca": {"kind": "cca", "reduction": reduction}}


MDRN_NAMES = Family("MDRN", r"", _names, _infer)
