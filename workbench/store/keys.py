"""Keys of the ledger: equal keys mean that the run would give the same result. No torch.

A key is a hash of the canonical config, of the content of the images, and of `RESULTS_VERSION`.
Two configs that build the same network are one entry: defaults, inactive fields, names of data and
the ways to write a width do not matter. A trial's key holds two parts, so that a new benchmark set
evaluates the weights that exist and trains nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.config.attention import (
    CcaConfig,
    EccaConfig,
    EsaConfig,
    MdsaConfig,
    ParallelEsaConfig,
)
from workbench.config.model import BlockConfig, Convolution, ModelConfig, distilled_width
from workbench.config.trial import TrialConfig
from workbench.store.prefixes import Course
from workbench.store.versions import marks


@dataclass(frozen=True)
class DataHashes:
    """Content hashes of all images of a trial, by source name."""

    training: Mapping[str, str]
    validation: str
    benchmarks: Mapping[str, str]


@dataclass(frozen=True)
class TrialKey:
    """Keys of a trial and of the training in it."""

    training: str
    """Equal for trials that end with the same weights."""
    trial: str
    """Equal for trials that end with the same result."""
    course: Course
    """Tells which other trainings it can go on from."""


def trial_key(config: TrialConfig, hashes: DataHashes) -> TrialKey:
    """Return the keys of a trial on images of the given content."""
    recipe = _canonical_training(config, hashes)
    defining = {
        "model": canonical_model(config.model),
        "training": recipe,
        "seed": config.seed,
        "code": marks().training,
    }
    training = _hash(defining)
    apart = {name: value for name, value in recipe.items() if name != "stages"}
    course = Course(
        _hash(defining | {"training": apart}), recipe["stages"], config.training.validate_every
    )
    evaluation = {
        "benchmarks": dict(hashes.benchmarks),
        "tile": _tile(config),
        "code": marks().evaluation,
    }
    return TrialKey(training, _hash({"training": training, "evaluation": evaluation}), course)


def canonical_model(config: ModelConfig) -> dict[str, Any]:
    """Return what defines the network and nothing else, as plain data."""
    # Without fusion the trunk has no activation of its own.
    activation = config.activation if config.trunk_fusion else None
    # Zero padding whatever the blocks have; a bias only where a BSConv is.
    shallow = [config.shallow_convolution, _bias(config.shallow_convolution, config)]
    return {
        "scale": config.scale,
        "channels": config.channels,
        "input": [config.rgb_mean, config.input_range, config.input_repeats, shallow],
        "trunk": [activation, config.trunk_fusion, *_convolution(config)],
        "blocks": [_canonical_block(config.channels, b) for b in config.resolved_blocks()],
    }


def model_hash(config: ModelConfig) -> str:
    """Return a hash that is equal for configs of the same network."""
    return _hash(canonical_model(config))


def _canonical_training(config: TrialConfig, hashes: DataHashes) -> dict[str, Any]:
    plain = config.training.plain()
    del plain["checkpoint_every"]  # changes how much a kill loses, not the weights
    if len(config.training.stages) == 1 and config.training.ema_decay == 0:
        del plain["ema_warm_up"]
    for stage, written in zip(config.training.stages, plain["stages"], strict=True):
        names = stage.sources
        if names is None:
            written["sources"] = [[digest, None] for digest in hashes.training.values()]
        else:
            written["sources"] = [[hashes.training[s.name], s.first] for s in names]
    return plain | {"validation": [hashes.validation, _tile(config)]}


def _tile(config: TrialConfig) -> list[int] | None:
    scored = config.evaluation
    return [scored.tile_lr_px, scored.tile_overlap_lr_px] if scored.tile_lr_px else None


def _bias(kind: Convolution, block: BlockConfig) -> bool | None:
    """Return whether pointwise convolutions have a bias; None where there are none."""
    return block.pointwise_bias if kind == "bsconv" else None


def _convolution(block: BlockConfig) -> list[Any]:
    return [block.convolution, block.padding, _bias(block.convolution, block)]


def _canonical_block(channels: int, block: BlockConfig) -> dict[str, Any]:
    connected = block.distilled_fraction is not None and block.distillation_steps > 0
    attentions = (block.spatial_attention, block.channel_attention)
    return {
        "layers": [block.activation, *_convolution(block)],
        "steps": block.distillation_steps,
        "distilled_width": distilled_width(channels, block),
        "connected": connected,
        # Without steps there is nothing to split, to skip or to branch off.
        "kind": block.distillation if block.distillation_steps else None,
        "step_skip": block.step_skip if block.distillation_steps else None,
        "last_activation": block.last_activation,
        "spatial": _canonical_spatial(channels, block),
        "channel": _canonical_channel(channels, block),
        "attention_skip": block.attention_skip if any(attentions) else None,
        "block_skip": block.block_skip,
    }


def _canonical_spatial(channels: int, block: BlockConfig) -> list[Any] | None:
    match block.spatial_attention:
        case MdsaConfig() as mdsa:
            variance = mdsa.variance if mdsa.lvar else None
            width = channels // mdsa.squeeze_ratio
            return ["mdsa", width, list(mdsa.levels), list(mdsa.lvar), variance, mdsa.refinement]
        case EsaConfig() | ParallelEsaConfig() as esa:
            activation = esa.activation or block.activation
            return [esa.kind, channels // esa.squeeze_ratio, activation]
        case None:
            return None


def _canonical_channel(channels: int, block: BlockConfig) -> list[Any] | None:
    attention = block.channel_attention
    match attention:
        case None:
            return None
        case CcaConfig(reduction=reduction):
            return ["cca", max(1, channels // reduction)]
        case EccaConfig(cca=cca):
            return ["ecca", None if cca is None else max(1, channels // cca.reduction)]
        case _:
            return [attention.kind]


def _hash(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
