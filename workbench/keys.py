"""Keys of the ledger: equal keys mean that the run would give the same result. No torch.

A key is a hash of the canonical config, of the content of the images, and of the code that
defines the result. Two configs that build the same network are one entry: defaults, inactive
fields, names of data and the ways to write a width do not matter. A trial's key holds two parts,
so that a new benchmark set evaluates the weights that exist and trains nothing.
"""

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from workbench.config.model import (
    BlockConfig,
    CcaConfig,
    EccaConfig,
    EsaConfig,
    MdsaConfig,
    ModelConfig,
    distilled_width,
)
from workbench.config.trial import TrialConfig

TRAINING_CODE = ("config/model.py", "models", "data", "training")
EVALUATION_CODE = ("evaluation/metrics.py", "evaluation/evaluate.py", "evaluation/tiles.py")
NOT_RESULTS = frozenset({"checkpoints.py", "published_names.py", "complexity.py", "__init__.py"})
"""Files of those folders that no weight depends on."""


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


def trial_key(config: TrialConfig, hashes: DataHashes) -> TrialKey:
    """Return the keys of a trial on images of the given content."""
    training = _hash(
        {
            "model": canonical_model(config.model),
            "training": _canonical_training(config, hashes),
            "seed": config.seed,
            "code": code_hash(TRAINING_CODE),
        }
    )
    evaluation = {
        "benchmarks": dict(hashes.benchmarks),
        "tile": _tile(config),
        "code": code_hash(EVALUATION_CODE),
    }
    return TrialKey(training, _hash({"training": training, "evaluation": evaluation}))


def canonical_model(config: ModelConfig) -> dict[str, Any]:
    """Return what defines the network and nothing else, as plain data."""
    return {
        "scale": config.scale,
        "channels": config.channels,
        "rgb_mean": list(config.rgb_mean),
        "trunk": [config.activation, config.convolution, config.padding],
        "blocks": [_canonical_block(config.channels, b) for b in config.resolved_blocks()],
    }


def model_hash(config: ModelConfig) -> str:
    """Return a hash that is equal for configs of the same network."""
    return _hash(canonical_model(config))


@cache
def code_hash(parts: tuple[str, ...] = TRAINING_CODE + EVALUATION_CODE) -> str:
    """Hash source files of the workbench, without comments, docstrings and layout.

    Args:
        parts: Files and folders below the package.
    """
    package = Path(__file__).parent
    files = sorted(
        file
        for part in parts
        for file in ([package / part] if part.endswith(".py") else (package / part).glob("*.py"))
        if file.name not in NOT_RESULTS
    )
    return _hash({str(file.relative_to(package)): _essence(file) for file in files})


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


def _canonical_block(channels: int, block: BlockConfig) -> dict[str, Any]:
    connected = block.distilled_fraction is not None and block.distillation_steps > 0
    return {
        "layers": [block.activation, block.convolution, block.padding],
        "steps": block.distillation_steps,
        "distilled_width": distilled_width(channels, block),
        "connected": connected,
        "spatial": _canonical_spatial(channels, block),
        "channel": _canonical_channel(channels, block),
    }


def _canonical_spatial(channels: int, block: BlockConfig) -> list[Any] | None:
    match block.spatial_attention:
        case MdsaConfig() as mdsa:
            variance = mdsa.variance if mdsa.lvar else None
            width = channels // mdsa.squeeze_ratio
            return ["mdsa", width, list(mdsa.levels), list(mdsa.lvar), variance, mdsa.refinement]
        case EsaConfig() as esa:
            return ["esa", channels // esa.squeeze_ratio]
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


def _essence(file: Path) -> str:
    """Return a file's code without comments, docstrings and layout."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [s for s in body if not _is_text(s)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _hash(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
