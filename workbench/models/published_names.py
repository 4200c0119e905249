"""One table: published names <-> ours, and what a published file says about its network.

The published names are those of bbbolt/MDRN. A block there is `B1`, `B2`, ...; its MDSA is
`esa.body.0`, its ECCA `cca.body`; the dispersion branches D3, D5 and D7 have the indices 0, 1, 2.
"""

import re

from workbench.config.model import (
    BlockConfig,
    Convolution,
    EccaConfig,
    MdsaConfig,
    ModelConfig,
)
from workbench.errors import CheckpointError

Shapes = dict[str, tuple[int, ...]]

PUBLISHED_LEVELS = (3, 5, 7)
BSCONV = {"pointwise": "pw", "depthwise": "dw"}
TRUNK = {"shallow": "fea_conv", "fusion": "c1", "upsampler.0": "upsampler.upsampleOneStep.0"}
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


def module_names(config: ModelConfig) -> dict[str, str]:
    """Return our module path -> published module path, for every part that has both names."""
    names = dict(TRUNK) | _convolution("smooth", "c2", config.convolution)
    for index, block in enumerate(config.resolved_blocks()):
        ours, theirs = f"blocks.{index}.", f"B{index + 1}."
        names |= {ours + a: theirs + b for a, b in _block(block).items()}
    return names


def infer_config(shapes: Shapes) -> ModelConfig:
    """Return the network that a published state dict belongs to.

    Args:
        shapes: Published name -> shape of the tensor.

    Raises:
        CheckpointError: Naming the tensor that is missing or does not fit MDRN.
    """
    channels = _size(shapes, "fea_conv.weight", 0)
    outputs = _size(shapes, "upsampler.upsampleOneStep.0.weight", 0)
    scale = {12: 2, 27: 3, 48: 4}.get(outputs)
    if scale is None:
        raise CheckpointError(
            f"the upsampler must have 3 * scale^2 outputs for scale 2, 3 or 4, got {outputs}"
        )
    numbers = {int(m[1]) for name in shapes if (m := re.match(r"B(\d+)\.", name))}
    if not numbers or numbers != set(range(1, max(numbers) + 1)):
        raise CheckpointError(f"blocks must be B1, B2, ... without gaps, got {sorted(numbers)}")
    first = {name[3:]: shape for name, shape in shapes.items() if name.startswith("B1.")}
    fields = _infer_block(first, channels)
    return ModelConfig.parse(
        {"scale": scale, "channels": channels, "blocks": len(numbers), **fields}
    )


def _convolution(ours: str, theirs: str, kind: Convolution) -> dict[str, str]:
    if kind != "bsconv":
        return {ours: theirs}
    return {f"{ours}.{a}": f"{theirs}.{b}" for a, b in BSCONV.items()}


def _block(block: BlockConfig) -> dict[str, str]:
    names, steps = {}, block.distillation_steps
    for step in range(steps):
        names[f"distill.{step}"] = f"c{step + 1}_d"
        names |= _convolution(f"residual.{step}", f"c{step + 1}_r", block.convolution)
    names |= _convolution("last", f"c{steps + 1}", block.convolution)
    names["fusion"] = f"c{steps + 2}"
    if isinstance(block.spatial_attention, MdsaConfig):
        names |= _mdsa(block.spatial_attention, block.convolution)
    if isinstance(block.channel_attention, EccaConfig):
        names |= {f"channel_attention.{a}": b for a, b in ECCA.items()}
    return names


def _mdsa(config: MdsaConfig, kind: Convolution) -> dict[str, str]:
    ours, theirs = "spatial_attention.", "esa.body.0."
    names = {ours + a: theirs + b for a, b in MDSA.items()}
    for level in set(config.levels) & set(PUBLISHED_LEVELS):
        index = PUBLISHED_LEVELS.index(level)
        for part, name in DISPERSION.items():
            path = f"{ours}dispersion.D{level}.{part}"
            names |= _convolution(path, theirs + name.format(index), kind)
    return names | _convolution(f"{ours}dispersion.D7.lvar.strided", theirs + LVAR_D7, kind)


def _infer_block(shapes: Shapes, channels: int) -> dict[str, object]:
    """Read one block's fields off its names without the leading `B1.`."""
    steps = sum(bool(re.fullmatch(r"c\d+_r\..*weight", n)) and "dw" not in n for n in shapes)
    bsconv = f"c{steps + 1}.pw.weight" in shapes
    last = f"c{steps + 1}.pw.weight" if bsconv else f"c{steps + 1}.weight"
    width = _size(shapes, last, 0)
    connected = steps == 0 or "c1_d.weight" in shapes
    return {
        "convolution": "bsconv" if bsconv else "conv3x3",
        "distillation_steps": steps,
        "distilled_fraction": width / channels if connected else None,
        "spatial_attention": _infer_mdsa(shapes, channels),
        "channel_attention": _infer_ecca(shapes, channels),
    }


def _infer_mdsa(shapes: Shapes, channels: int) -> dict[str, object] | None:
    parts = {n.removeprefix("esa.body.0."): s for n, s in shapes.items() if n.startswith("esa.")}
    if not parts:
        return None
    here = {name.split(".")[0] for name in parts}
    return {
        "kind": "mdsa",
        "levels": [k for j, k in enumerate(PUBLISHED_LEVELS) if f"conv2_{j}" in here],
        "lvar": [7] if LVAR_D7 in here else [],
        "squeeze_ratio": channels // _size(parts, "conv1.weight", 0),
        "refinement": "conv_f" in here,
    }


def _infer_ecca(shapes: Shapes, channels: int) -> dict[str, object] | None:
    if not any(name.startswith("cca.") for name in shapes):
        return None
    hidden = shapes.get("cca.body.2.conv_du.0.weight")
    if hidden is None:
        return {"kind": "ecca", "cca": None}
    reduction = next((r for r in (16, 8, 4, 2, 1) if max(1, channels // r) == hidden[0]), None)
    if reduction is None:
        raise CheckpointError(f"CCA's hidden width {hidden[0]} fits no reduction of {channels}")
    return {"kind": "ecca", "cca": {"kind": "cca", "reduction": reduction}}


def _size(shapes: Shapes, name: str, axis: int) -> int:
    if name not in shapes:
        raise CheckpointError(f"not an MDRN: the tensor {name!r} is missing")
    return shapes[name][axis]
