"""Keys of the ledger: equal keys mean that the run would give the same result. No torch.

A key is a hash of the canonical config, of the content of the images, and of `RESULTS_VERSION`.
Two configs that build the same network are one entry: defaults, inactive fields, names of data and
the ways to write a width do not matter. A trial's key holds two parts, so that a new benchmark set
evaluates the weights that exist and trains nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.config.network import Network
from workbench.config.trial import TrialConfig
from workbench.store.prefixes import PrefixKey
from workbench.store.versions import marks
from workbench.system.digests import sha256_of_json


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
    prefix: PrefixKey
    """By which trainings with the same first steps are found."""


def trial_key(config: TrialConfig, hashes: DataHashes) -> TrialKey:
    """Return the keys of a trial on images of the given content."""
    recipe = _canonical_training(config, hashes)
    defining: dict[str, Any] = {
        "model": config.model.canonical(),
        "training": recipe,
        "seed": config.seed,
        "code": marks().training,
    }
    if config.pretrained is not None:
        defining["pretrained"] = config.pretrained.hash
    training = _hash(defining)
    apart = {name: value for name, value in recipe.items() if name != "stages"}
    prefix = PrefixKey(
        _hash(defining | {"training": apart}), recipe["stages"], config.training.validate_every
    )
    evaluation = {
        "benchmarks": dict(hashes.benchmarks),
        "tile": _tile(config),
        "code": marks().evaluation,
    }
    return TrialKey(training, _hash({"training": training, "evaluation": evaluation}), prefix)


def model_hash(config: Network) -> str:
    """Return a hash that is equal for configs of the same network."""
    return _hash(config.canonical())


def _canonical_training(config: TrialConfig, hashes: DataHashes) -> dict[str, Any]:
    if config.is_lesion:  # nothing is trained, but what computes decides the last digits
        training = config.training
        return {"device": training.device, "threads": training.threads, "stages": []}
    plain = config.training.canonical()
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


def _hash(data: object) -> str:
    return sha256_of_json(data, compact=True)[:32]
