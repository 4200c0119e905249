"""What `workbench train` is to train: from a request to a plan of one trial. No torch, no numpy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.ablation.variant import find_variants
from workbench.config.overrides import apply_overrides
from workbench.config.presets import ALIASES, PRESETS
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import read_yaml
from workbench.errors import ConfigError, nearest
from workbench.execution.plan import Arm, Plan
from workbench.experiments.trial_spec import TrialSpec, overridden, trial_config
from workbench.system.digests import sha256_of_json
from workbench.system.text import as_file_name

YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class TrainSpec:
    """Which network is trained, and how."""

    network: str
    """Name of a preset; `package.module:Class`, a network of one's own; or a YAML file with the
    whole config of a trial, as MLflow keeps one beside every trial (`config.yaml`)."""
    variants: Sequence[str] = ()
    """Changes of it, applied in this order."""
    seed: int | None = None
    """Of initial weights and crops; None for 1, or for the seed of the file."""
    trial: TrialSpec = field(default_factory=TrialSpec)
    """Recipe, images and overrides; with a file only the overrides count."""
    study: str | None = None
    """Name in the store and in MLflow; None for one that is made from what is trained."""

    @property
    def is_file(self) -> bool:
        """Whether the network comes from a YAML file."""
        return Path(self.network).suffix in YAML

    @property
    def name(self) -> str:
        """What tables call the network: its variants, or the preset or file."""
        own = self.network.rpartition(":")[2]  # a class, or the whole name of a preset
        stem = Path(self.network).stem if self.is_file else own
        return "+".join(self.variants) or stem


def train_config(spec: TrainSpec) -> TrialConfig:
    """Return the trial that is trained.

    Raises:
        ConfigError: For an unknown preset, variant, recipe or field, a file that cannot be used, or
            a value that breaks a rule.
    """
    if spec.is_file:
        base = overridden(read_yaml(Path(spec.network), TrialConfig, "trial"), spec.trial.overrides)
    elif ":" in spec.network or spec.network in {**PRESETS, **ALIASES}:
        base = trial_config(spec.network, spec.trial)
    else:
        raise ConfigError(
            f"unknown preset {spec.network!r}; {nearest(spec.network, PRESETS)} "
            "(a config is a file that ends in .yaml)"
        )
    if "all" in spec.variants:
        raise ConfigError("--variant all cannot be used to train one network; name its variants")
    for variant in find_variants(list(spec.variants)):
        base = variant.apply(base)
    return base if spec.seed is None else apply_overrides(base, {"seed": spec.seed})


def plan_training(spec: TrainSpec) -> Plan:
    """Return the plan of a training: one arm, one seed.

    Raises:
        ConfigError: As of `train_config`.
    """
    config = train_config(spec)
    return Plan(
        spec.study or _study_name(spec, config), (Arm(spec.name, "", config),), (config.seed,)
    )


def _study_name(spec: TrainSpec, config: TrialConfig) -> str:
    """Name a training after what is trained; a digest keeps settings apart, but not seeds."""
    network = Path(spec.network).stem if spec.is_file else spec.network
    subject = "+".join([network, *spec.variants])[:60]
    data = "+".join(source.name for source in config.data.training)[:24]
    recipe = "config" if spec.is_file else spec.trial.recipe
    name = as_file_name(f"train_{subject}_{recipe}_{data}")
    if not spec.is_file and spec.trial == TrialSpec(spec.trial.recipe):
        return name
    plain = config.plain() | {"training": config.training.fields_of_0_2(), "seed": 0}
    return f"{name}-{sha256_of_json(plain)[:6]}"
