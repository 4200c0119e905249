"""Which network a command means: weights of a file, a preset, or a finished trial."""

from dataclasses import dataclass
from pathlib import Path

from workbench.ablation.variant import find_variants
from workbench.config.network import named_network
from workbench.config.presets import CANONICAL, RECIPES
from workbench.config.published import title_of
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.experiments.scored_weights import scored_network
from workbench.experiments.weights import find_weights
from workbench.models.factory import build_model
from workbench.models.opening import OpenedNetwork, open_network
from workbench.store.ledger import Ledger

UNTRAINED_SEED = 1
"""Seed of the initial weights where none is given."""


@dataclass(frozen=True)
class SourceSpec:
    """What the user has named: one of `weights`, `preset` and `study`."""

    weights: Path | None = None
    preset: str | None = None
    study: str | None = None
    """A study or a search."""
    variant: str | None = None
    """Of the preset, or a network of the study."""
    seed: int | None = None
    """Of the trial, or of the initial weights of a preset."""


@dataclass(frozen=True)
class ModelSource:
    """A network with its name and what is known of its weights."""

    network: OpenedNetwork
    stem: str
    """Name of a file for it, without the ending."""
    key: str | None = None
    """In the ledger; None for weights that are no finished trial's."""
    is_trained: bool = True


def open_source(spec: SourceSpec, store: Path) -> ModelSource:
    """Open the network that the user has named.

    Args:
        spec: A weights file, a preset with or without a variant of it, or a trial of a study.
        store: Where studies are.

    Raises:
        ConfigError: If it is not exactly one of them, or a name is unknown.
        CheckpointError: If the weights cannot be used.
        WorkbenchError: If no such trial is finished.
    """
    named = {"FILE": spec.weights, "--preset": spec.preset, "--study": spec.study}
    given = [name for name, value in named.items() if value is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none of them"
        raise ConfigError(f"name one network: FILE, --preset or --study, got {found}")
    if spec.weights is not None:
        for option, value in (("--variant", spec.variant), ("--seed", spec.seed)):
            if value is not None:
                raise ConfigError(f"{option} needs --preset or --study: FILE holds one network")
        opened = open_network(spec.weights)
        return ModelSource(opened, spec.weights.stem)
    return _built(spec) if spec.preset is not None else _trained(spec, store)


def _built(spec: SourceSpec) -> ModelSource:
    """Build a preset or a network of one's own, or a variant of it, with initial weights."""
    assert spec.preset is not None
    trial = TrialConfig(model=named_network(spec.preset), training=RECIPES["smoke"])
    name = spec.preset.rpartition(":")[2]
    if spec.variant is not None:
        found = find_variants([spec.variant])
        if len(found) != 1:
            raise ConfigError(f"--variant must be one variant, got {spec.variant!r}")
        trial, base, name = found[0].apply(trial), name, found[0].name
        name = name if spec.preset == CANONICAL else f"{base}+{name}"
    seed = UNTRAINED_SEED if spec.seed is None else spec.seed
    module = build_model(trial.model, seed=seed).eval()
    opened = OpenedNetwork(name, module, module.scale, module.smallest_lr_px, title_of(trial.model))
    return ModelSource(opened, name, is_trained=False)


def _trained(spec: SourceSpec, store: Path) -> ModelSource:
    """Open the weights of a finished trial, after checking that they are those that were scored."""
    assert spec.study is not None
    found = find_weights(store, spec.study, spec.variant, spec.seed)
    variants = list(dict.fromkeys(one.variant for one in found))
    if len(variants) > 1:
        raise ConfigError(
            f"--study {spec.study}: name one network with --variant; {nearest('', variants)}"
        )
    if len(found) > 1:
        seeds = ", ".join(str(one.seed) for one in found)
        raise ConfigError(f"--study {spec.study}: name one trial with --seed; valid: {seeds}")
    trial = found[0]
    module = scored_network(trial.result, Ledger(store))
    name = f"{trial.variant}-seed{trial.seed}"
    opened = OpenedNetwork(
        name, module, module.scale, module.smallest_lr_px, title_of(module.config)
    )
    return ModelSource(opened, f"{spec.study}-{name}", trial.result.key)
