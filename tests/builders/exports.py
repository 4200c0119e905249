"""Networks for exports: every part of a preset, small enough for seconds."""

import torch

from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.models.factory import build_model
from workbench.models.opening import OpenedNetwork


def small_config(name: str, **overrides: object) -> ModelConfig:
    """Return one block of a preset, with 8 channels."""
    return apply_overrides(PRESETS[name], {"channels": 8, "blocks": 1, **overrides})


def built(config: ModelConfig, name: str = "small") -> OpenedNetwork:
    """Return a network with untrained weights."""
    model = build_model(config, seed=1).eval()
    return OpenedNetwork(name, model, model.scale, model.smallest_lr_px, "MDRN family")


def small(name: str, **overrides: object) -> OpenedNetwork:
    """Return one block of a preset, with 8 channels and untrained weights."""
    return built(small_config(name, **overrides), name)


def overflowing() -> OpenedNetwork:
    """Return a network whose output is finite in fp32, and beyond the range of fp16."""
    network = small("imdn")
    with torch.no_grad():
        for parameter in network.module.parameters():
            parameter.mul_(12)
    return network
