"""A plan: the base, its variants and the seeds, written down before anything runs. No torch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.config.evidence import TakenWeights
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.statistics.effects import Effect
from workbench.store.keys import model_hash


@dataclass(frozen=True)
class Arm:
    """One design of an ablation: the base or a variant of it."""

    name: str
    question: str
    config: TrialConfig
    """The config of the first seed; the seeds differ in nothing else."""
    against: str = ""
    """Name of the arm that it is compared with; empty for the base."""
    until: int | None = None
    """Training step at which its trials stop for now; None to run them to their end."""
    taken: TakenWeights | None = None
    """What it takes from pretrained weights; None if it starts from initial ones."""

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
    looks: tuple[int, ...] = ()
    """Numbers of seeds after which a group sequential study judges what is still undecided; the
    last is all of them. Empty: all seeds are run, then judged once."""
    effects: tuple[Effect, ...] = ()
    """Contrasts of several arms that are judged, too."""
    question: str = ""
    """What the study answers, in one line; empty if only its variants have questions."""
    weights_name: str = ""
    """What the user called the weights that all arms start from; empty without any."""

    @property
    def against(self) -> dict[str, str]:
        """What each arm is compared with, by name."""
        return {arm.name: arm.against for arm in self.arms if arm.against}

    @property
    def seeds_at_looks(self) -> tuple[tuple[int, ...], ...]:
        """All seeds of each look; empty if there is one look only."""
        return tuple(self.seeds[:count] for count in self.looks)

    @property
    def base(self) -> Arm:
        """What every variant is compared with."""
        return self.arms[0]

    def trials(self) -> list[tuple[Arm, int]]:
        """Return every (arm, seed), all arms of one seed before the next seed.

        A plan that is cut short then holds complete blocks.
        """
        return [(arm, seed) for seed in self.seeds for arm in self.arms]


class Change(Protocol):
    """A named change of a trial: a variant, or one setting of a factor."""

    @property
    def name(self) -> str:
        """Its name in tables."""

    @property
    def question(self) -> str:
        """The question that it answers, in one line."""

    @property
    def label(self) -> str:
        """Its name in error messages."""

    @property
    def origin(self) -> str:
        """The file or the option that it comes from."""

    def apply(self, config: TrialConfig, /) -> TrialConfig:
        """Return the changed trial.

        Raises:
            ConfigError: If the change means nothing there.
        """


def make_plan(
    study: str, base_name: str, base: TrialConfig, changes: Sequence[Change], seeds: Sequence[int]
) -> Plan:
    """Apply each change to the base.

    Args:
        study: Name of the study in MLflow and in the store.
        base_name: What tables call the base.
        base: Its trial; the seed does not matter.
        changes: At least one.
        seeds: At least one; the same for all arms.

    Raises:
        ConfigError: If a change means nothing on this base, changes nothing, could not be
            compared with it, or a seed repeats.
    """
    check_seeds(seeds)
    arms = [Arm(base_name, "", base)]
    for change in changes:
        config = change.apply(base)
        problem = incomparable(change.name, config, base_name, base)
        if problem:
            raise ConfigError(f"{change.label} {problem} ({change.origin})")
        arms.append(Arm(change.name, change.question, config, base_name))
    return Plan(study, tuple(arms), tuple(seeds))


def check_seeds(seeds: Sequence[int]) -> None:
    """Refuse a seed that repeats.

    Raises:
        ConfigError: Naming the seeds.
    """
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"--seeds must not repeat a seed, got {list(seeds)}")


def incomparable(name: str, config: TrialConfig, base_name: str, base: TrialConfig) -> str:
    """Return why a variant cannot stand beside the base; empty if it can."""
    if name == base_name:
        return "has the name of the base; rename its file"
    if same_run(config, base):
        return f"changes nothing on {base_name}, so there is nothing to compare"
    if config.pretrained != base.pretrained:
        return "sets the weights to start from, which are the same for all arms; use --from"
    if config.seed != base.seed:
        return "sets the seed, which is the same for all arms; use --seeds"
    if config.evaluation != base.evaluation or config.model.scale != base.model.scale:
        return "changes how scores are made (evaluation or scale); use --set, which all arms share"
    return ""


def same_run(config: TrialConfig, base: TrialConfig) -> bool:
    """Tell whether two configs build the same network and agree in all else."""
    return run_identity(config) == run_identity(base)


def run_identity(config: TrialConfig) -> str:
    """Return a text that is equal for configs of the same run."""
    rest = config.plain() | {"model": model_hash(config.model)}
    if config.is_lesion:  # nothing is trained
        rest |= {"training": None, "data": None}
    return json.dumps(rest, sort_keys=True)
