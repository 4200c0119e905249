"""Names of IMDN, the baseline of the efficient SR challenge.

`model.0` is the head, `model.1.sub.{i}` are the blocks and, as the last one, the convolution that
ends the body, `model.2` is the upsampler.
"""

from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.models.published.family import (
    Family,
    Shapes,
    fraction,
    number_of_blocks,
    part,
    scale_of,
    size,
)


def _names(config: ModelConfig) -> dict[str, str]:
    body = "model.1.sub."
    names = {
        "shallow": "model.0",
        "smooth": f"{body}{config.blocks}",
        "upsampler.0": "model.2",
    }
    for index, block in enumerate(config.resolved_blocks()):
        steps = block.distillation_steps
        inside = {f"residual.{step}": f"conv{step + 1}.0" for step in range(steps)}
        inside |= {"last": f"conv{steps + 1}", "fusion": "conv1x1"}
        names |= {f"blocks.{index}.{a}": f"{body}{index}.{b}" for a, b in inside.items()}
    return names


def _infer(shapes: Shapes) -> ModelConfig:
    channels = size(shapes, "model.0.weight", 0)
    first = part(shapes, "model.1.sub.0.")
    steps = sum(name.endswith(".0.weight") for name in first)
    # The body's last convolution has a number, too.
    blocks = number_of_blocks(shapes, r"model\.1\.sub\.(\d+)\.", 0) - 1
    distilled = size(first, f"conv{steps + 1}.weight", 0)
    return apply_overrides(
        PRESETS["imdn"],
        {
            "scale": scale_of(shapes, "model.2.weight"),
            "channels": channels,
            "blocks": blocks,
            "distillation_steps": steps,
            "distilled_fraction": fraction(distilled, channels),
        },
    )


IMDN_NAMES = Family("IMDN", r"model\.1\.sub\.\d+\.conv1x1\.weight", _names, _infer)
