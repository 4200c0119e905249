"""A plan: the base, its variants and the seeds, written down before anything runs. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.ablation.variant import Variant
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.keys import model_hash


@dataclass(frozen=True)
class Arm:
    """One design of an ablation: the base or a variant of it."""

    name: str
    question: str
    config: TrialConfig
    """The config of the first seed; the seeds differ in nothing else."""
    against: str = ""
    """Name of the arm that it is compared with; empty for the base."""

    def with_seed(self, seed: int) -> TrialConfig:
        """Return the trial of one seed."""
        return apply_overrides(self.config, {"seed": seed})


@dataclass(frozen=True)
class Plan:
    """Which designs are compared, over which seeds. The first arm is the base.

    Each other arm is compared with the one that it names: the base for variants, the last step for
    the steps of a path.
    """

    study: str
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]

    @property
    def against(self) -> dict[str, str]:
        """What each arm is compared with, by name."""
        return {arm.name: arm.against for arm in self.arms if arm.against}

    @property
    def base(self) -> Arm:
        """What every variant is compared with."""
        return self.arms[0]

    def trials(self) -> list[tuple[Arm, int]]:
        """Return every (arm, seed), all arms of one seed before the next seed.

        A plan that is cut short then holds complete blocks.
        """
        return [(arm, seed) for seed in self.seeds for arm in self.arms]


def make_plan(
    study: str, base_name: str, base: TrialConfig, variants: Sequence[Variant], seeds: Sequence[int]
) -> Plan:
    """Apply the variants to the base.

    Args:
        study: Name of the study in MLflow and in the store.
        base_name: What tables call the base.
        base: Its trial; the seed does not matter.
        variants: At least one.
        seeds: At least one; the same for all arms.

    Raises:
        ConfigError: If a variant means nothing on this base, changes nothing, could not be
            compared with it, or a seed repeats.
    """
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"--seeds must not repeat a seed, got {list(seeds)}")
    arms = [Arm(base_name, "", base)]
    for variant in variants:
        config = variant.apply(base)
        problem = _incomparable(variant.name, config, base_name, base)
        if problem:
            raise ConfigError(f"variant {variant.name!r} {problem} ({variant.path})")
        arms.append(Arm(variant.name, variant.question, config, base_name))
    return Plan(study, tuple(arms), tuple(seeds))


def _incomparable(name: str, config: TrialConfig, base_name: str, base: TrialConfig) -> str:
    """Return why a variant cannot stand beside the base; empty if it can."""
    if name == base_name:
        return "has the name of the base; rename its file"
    if same_run(config, base):
        return f"changes nothing on {base_name}, so there is nothing to compare"
    if config.seed != base.seed:
        return "sets the seed, which is the same for all arms; use --seeds"
    if config.evaluation != base.evaluation or config.model.scale != base.model.scale:
        return "changes how scores are made (evaluation or scale); use --set, which all arms share"
    return ""


def same_run(config: TrialConfig, base: TrialConfig) -> bool:
    """Tell whether two configs build the same network and agree in all else."""
    same_network = model_hash(config.model) == model_hash(base.model)
    return same_network and config.model_copy(update={"model": base.model}) == base
