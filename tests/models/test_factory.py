"""Every combination that validates builds and runs; initial weights depend on seed and path."""

import random
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from workbench.ablation.variant import find_variants
from workbench.config.attention import Activation, TimmAttentionName
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, InputSizeError
from workbench.models.factory import build_model

SMALL = apply_overrides(PRESETS["tiny"], {"channels": 12})

ONE_DIMENSION: list[dict[str, Any]] = [
    {},
    {"scale": 2},
    {"scale": 3},
    {"channels": 4, "spatial_attention.squeeze_ratio": 4},
    {"blocks": 1},
    *({"distillation_steps": steps} for steps in (0, 1, 2, 5)),
    *({"distilled_fraction": fraction} for fraction in (None, 0.25, 1.0)),
    {"distilled_fraction": None, "distillation_steps": 0},
    {"convolution": "conv3x3"},
    {"padding": "zeros"},
    {"padding": "zeros", "convolution": "conv3x3"},
    *({"activation": name} for name in get_args(Activation)),
    {"spatial_attention.levels": [3], "spatial_attention.lvar": [3]},
    {"spatial_attention.levels": [3], "spatial_attention.lvar": []},
    {"spatial_attention.levels": [5, 9], "spatial_attention.lvar": [5, 9]},
    {"spatial_attention.levels": [11], "spatial_attention.lvar": [11]},
    {"spatial_attention.levels": [3, 5, 7, 9, 13], "spatial_attention.lvar": [13]},
    {"spatial_attention.variance": "global"},
    {
        "spatial_attention.levels": [3],
        "spatial_attention.lvar": [3],
        "spatial_attention.variance": "global",
        "padding": "zeros",
    },
    {"spatial_attention.squeeze_ratio": 1},
    {"spatial_attention.squeeze_ratio": 12},
    {"spatial_attention.refinement": False},
    {"spatial_attention": "esa"},
    {"spatial_attention": "esa", "padding": "zeros"},
    {"spatial_attention": {"kind": "esa", "activation": "relu"}},
    {"spatial_attention": "parallel-esa"},
    {"spatial_attention": "parallel-esa", "padding": "zeros"},
    {"spatial_attention": None},
    {"channel_attention": None},
    {"channel_attention": "cca"},
    {"channel_attention": "channel-weight"},
    {"attention_skip": False},
    {"block_skip": False},
    {"step_skip": False},
    {"last_activation": False},
    {"trunk_fusion": False},
    {"pointwise_bias": True},
    {"rgb_mean": None},
    {"input_range": 255},
    {"input_range": 255, "rgb_mean": None},
    {"input_repeats": 4, "shallow_convolution": "bsconv"},
    *(
        {"distillation": "split", "step_skip": False, "distilled_fraction": 0.25} | more
        for more in ({}, {"distillation_steps": 0}, {"distillation_steps": 1})
    ),
    {"channel_attention.cca": None},
    {"channel_attention.cca.reduction": 2},
    *({"channel_attention": name} for name in get_args(TimmAttentionName)),
    {"block_overrides": [{"blocks": [0], "spatial_attention": None, "activation": "relu"}]},
    {"spatial_attention": None, "block_overrides": [{"blocks": [-1], "spatial_attention": "esa"}]},
]


LINE = ("imdn", "rfdn", "efdn", "bsrn")


def networks() -> list[ModelConfig]:
    line = [apply_overrides(PRESETS[name], {"channels": 12, "blocks": 2}) for name in LINE]
    return [apply_overrides(SMALL, overrides) for overrides in ONE_DIMENSION] + line


def random_networks(number: int) -> list[ModelConfig]:
    """Draw combinations of all dimensions; those that do not validate are drawn again."""
    draw = random.Random(0)
    found: list[ModelConfig] = []
    while len(found) < number:
        levels = draw.sample([3, 5, 7, 9, 11], draw.randint(1, 3))
        overrides: dict[str, Any] = {
            "scale": draw.choice([2, 3, 4]),
            "channels": draw.randint(4, 20),
            "blocks": draw.randint(1, 3),
            "distillation_steps": draw.randint(0, 4),
            "distilled_fraction": draw.choice([None, 0.1, 0.25, 0.5, 1.0]),
            "convolution": draw.choice(["bsconv", "conv3x3"]),
            "padding": draw.choice(["reflect", "zeros"]),
            "activation": draw.choice(get_args(Activation)),
            "spatial_attention": draw.choice(
                [
                    None,
                    "esa",
                    "parallel-esa",
                    {
                        "kind": "mdsa",
                        "levels": levels,
                        "lvar": [k for k in levels if draw.random() < 0.5],
                        "variance": draw.choice(["local", "global"]),
                        "squeeze_ratio": draw.randint(1, 6),
                        "refinement": draw.random() < 0.5,
                    },
                ]
            ),
            "channel_attention": draw.choice([None, "cca", "ecca", "se", "eca", "channel-weight"]),
            "distillation": draw.choice(["branch", "branch", "split"]),
            "rgb_mean": draw.choice([None, [0.4, 0.4, 0.4]]),
            "input_range": draw.choice([1, 255]),
            "input_repeats": draw.choice([1, 4]),
            "shallow_convolution": draw.choice(["bsconv", "conv3x3"]),
            **{
                name: draw.random() < 0.5
                for name in (
                    *("pointwise_bias", "step_skip", "last_activation", "attention_skip"),
                    *("block_skip", "trunk_fusion"),
                )
            },
        }
        try:
            found.append(apply_overrides(PRESETS["tiny"], overrides))
        except ConfigError:
            continue
    return found


@pytest.mark.parametrize("config", [*networks(), *random_networks(40)])
def test_builds_and_runs_forward_and_backward_at_its_smallest_input(config: ModelConfig) -> None:
    smallest = config.smallest_lr_px()
    model = build_model(config, seed=0)
    image = torch.rand(2, 3, smallest, smallest + 3)
    output = model(image)
    assert output.shape == (2, 3, smallest * config.scale, (smallest + 3) * config.scale)
    output.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("config", networks())
def test_one_pixel_less_gives_our_error_naming_the_size(config: ModelConfig) -> None:
    smallest = config.smallest_lr_px()
    if smallest == 1:
        pytest.skip("nothing is smaller than 1 px")
    model = build_model(config)
    with pytest.raises(InputSizeError, match=f"needs at least {smallest} x {smallest} LR px"):
        model(torch.rand(1, 3, smallest, smallest - 1))


@pytest.mark.parametrize(
    "config",
    [c for c in networks() if c.smallest_lr_px() > 1 and c.spatial_attention is not None],
)
def test_the_smallest_input_is_not_larger_than_needed(config: ModelConfig) -> None:
    """PyTorch itself fails one pixel below, so the declared size is exact."""
    if getattr(config.spatial_attention, "variance", "") == "global":
        pytest.skip("the variance of one pixel is not a number, which raises nothing")
    model = build_model(config)
    model.smallest_lr_px = 0
    side = config.smallest_lr_px() - 1
    with pytest.raises(RuntimeError, match=r"[Pp]adding|output size|too small|size"):
        model(torch.rand(1, 3, side, side))


def test_the_canonical_network_needs_15_px() -> None:
    assert PRESETS["mdrn-s"].smallest_lr_px() == 15


@pytest.mark.parametrize("config", networks())
def test_a_constant_image_has_finite_outputs_and_gradients(config: ModelConfig) -> None:
    side = max(24, config.smallest_lr_px())
    model = build_model(config, seed=0)
    for parameter in model.parameters():
        parameter.data.mul_(0.0 if parameter.ndim == 4 else 1.0)  # no contrast anywhere inside
    output = model(torch.full((1, 3, side, side), 0.5))
    output.sum().backward()
    assert output.isfinite().all()
    for name, parameter in model.named_parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("config", networks())
def test_half_precision_is_finite(config: ModelConfig) -> None:
    side = max(24, config.smallest_lr_px())
    model = build_model(config, seed=0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(torch.rand(1, 3, side, side))
    output.float().square().mean().backward()
    assert output.isfinite().all()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("name", [variant.name for variant in find_variants(["all"])])
def test_a_variant_starts_from_the_weights_of_the_canonical_network(name: str) -> None:
    base = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["smoke"])
    (variant,) = find_variants([name])
    canonical = parameters_by_module(build_model(base.model, seed=7))
    changed = parameters_by_module(build_model(variant.apply(base).model, seed=7))
    # A module of another width is another module: its bias alone means nothing.
    shared = [path for path in canonical if shapes(canonical, path) == shapes(changed, path)]
    assert len(shared) > 0.5 * min(len(canonical), len(changed)) or name.startswith(
        ("channels", "plain-conv")
    )
    for path in shared:
        for parameter, value in canonical[path].items():
            assert torch.equal(value, changed[path][parameter]), f"{path}.{parameter}"


def parameters_by_module(model: nn.Module) -> dict[str, dict[str, Tensor]]:
    modules: dict[str, dict[str, Tensor]] = {}
    for name, value in model.state_dict().items():
        path, _, parameter = name.rpartition(".")
        modules.setdefault(path, {})[parameter] = value
    return modules


def shapes(modules: dict[str, dict[str, Tensor]], path: str) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in modules.get(path, {}).items()}


def test_no_lvar_starts_from_the_canonical_weights_wherever_both_have_the_parameter() -> None:
    canonical = build_model(PRESETS["mdrn-s"], seed=7).state_dict()
    without = apply_overrides(PRESETS["mdrn-s"], {"spatial_attention.lvar": []})
    changed = build_model(without, seed=7).state_dict()
    assert set(canonical) - set(changed) == {n for n in canonical if ".lvar." in n}
    assert all(torch.equal(canonical[name], value) for name, value in changed.items())


def test_initial_weights_differ_between_seeds_and_modules_and_leave_the_stream_alone() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two = (build_model(SMALL, seed=seed) for seed in (1, 2))
    first = one.state_dict()
    assert not torch.equal(first["shallow.weight"], two.state_dict()["shallow.weight"])
    residual = "blocks.{}.residual.0.pointwise.weight"
    assert not torch.equal(first[residual.format(0)], first[residual.format(1)])
    again = build_model(SMALL, seed=1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.equal(torch.get_rng_state(), before)
