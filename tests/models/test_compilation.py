"""Every preset can be compiled and exported; one block of each, since blocks are alike."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import torch
from torch import nn

from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.kernels.eager import EagerOperations
from workbench.models.factory import build_model
from workbench.models.operations import use_operations

REWRITTEN = EagerOperations(rewrite_everywhere=True)
SMALLEST = apply_overrides(
    PRESETS["tiny"],
    {
        "blocks": 1,
        "distillation_steps": 1,
        "spatial_attention.levels": [7],
        "spatial_attention.lvar": [7],
    },
)
"""Every operation, few of each: tracing a backward takes seconds."""
LEAST_PX = 24
"""ESA pools to a single px below 21, where an exported network would need another graph."""


@pytest.fixture(autouse=True)
def clean_compiler() -> Iterator[None]:
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def one_block(name: str) -> ModelConfig:
    overrides: dict[str, object] = {"channels": 8, "blocks": 1}
    if PRESETS[name].spatial_attention is not None:
        overrides["spatial_attention.squeeze_ratio"] = 2
    return apply_overrides(PRESETS[name], overrides)


STRUCTURES = {one_block(name): name for name in reversed(PRESETS)}
"""Presets that differ in more than width and depth: one of each."""


def compiled(model: nn.Module, backend: str) -> nn.Module:
    made: Any = torch.compile(model, backend=backend, fullgraph=True)
    return cast("nn.Module", made)


def exported(model: nn.Module) -> nn.Module:
    """Export for images of any size from `LEAST_PX` on."""
    height, width = (torch.export.Dim(side, min=LEAST_PX, max=4096) for side in ("h", "w"))
    image, shapes = torch.rand(1, 3, 24, 29), {"lr": {2: height, 3: width}}
    module: nn.Module = torch.export.export(model, (image,), dynamic_shapes=shapes).module()
    return module


@pytest.mark.parametrize("config", STRUCTURES, ids=STRUCTURES.get)
def test_a_preset_is_compiled_as_one_graph(config: ModelConfig) -> None:
    model, image = build_model(config, seed=1).eval(), torch.rand(1, 3, 24, 25)
    with torch.inference_mode():
        assert torch.equal(compiled(model, "eager")(image), model(image))


@pytest.mark.parametrize("config", STRUCTURES, ids=STRUCTURES.get)
def test_an_exported_preset_takes_images_of_other_sizes(config: ModelConfig) -> None:
    model, image = build_model(config, seed=1).eval(), torch.rand(1, 3, 31, 26)
    with torch.inference_mode():
        assert torch.equal(exported(model)(image), model(image))


def test_a_network_with_the_rewrites_is_exported() -> None:
    model, image = build_model(SMALLEST, seed=1).eval(), torch.rand(1, 3, 31, 26)
    use_operations(model, REWRITTEN)
    with torch.inference_mode():
        assert torch.allclose(exported(model)(image), model(image), rtol=0, atol=1e-6)


@pytest.mark.parametrize("operations", [EagerOperations(), REWRITTEN])
def test_a_compiled_network_trains(operations: EagerOperations) -> None:
    model = build_model(SMALLEST, seed=1).double()
    image = torch.rand(2, 3, 15, 16, dtype=torch.float64)
    use_operations(model, operations)
    gradients = [
        torch.autograd.grad(network(image).square().mean(), list(model.parameters()))
        for network in (model, compiled(model, "aot_eager"))
    ]
    for eager, found in zip(*gradients, strict=True):
        assert torch.allclose(eager, found, rtol=1e-9, atol=1e-13)
