"""What a study is requested to compare: the options of `workbench ablate`, or a plan file.

No torch, no numpy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.ablation.designs import Design
from workbench.ablation.path import parse_route
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_BASE, DEFAULT_RECIPE
from workbench.experiments.seeds import Seeds
from workbench.experiments.space_sample import PlannedNetwork, SpaceSample
from workbench.experiments.trial_spec import TrialSpec
from workbench.statistics.decision_rule import DEFAULT_RULE, DecisionRule, ErrorRateScope
from workbench.system.text import check_file_name

MOST_MARGIN_DB = 100.0
DEFAULT_SEEDS = Seeds((1, 2, 3))
COMPUTES = ("training.device", "training.threads")
"""Fields of the recipe that count for a network which is only scored."""


@dataclass(frozen=True)
class StudySpec:
    """Everything that defines a study. Either variants and factors, or a path."""

    variants: tuple[str, ...] = ()
    """Names or files of variants; `all` for every one that is shipped."""
    base: str | None = None
    """Baseline preset; None for the canonical one."""
    path: str | None = None
    """`PRESET:PRESET`, the path between which is taken one component at a time."""
    order: tuple[str, ...] = ()
    """Components of the path that come first."""
    shapley: bool = False
    """Average what each component of the path brings over orders."""
    budget: int | None = None
    """Most trials of the orders, finished ones included; None for 100."""
    design: Design | None = None
    """Which networks are trained; None for leave-one-out."""
    factors: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    """Dotted key -> values."""
    networks_of_plan: Mapping[str, PlannedNetwork] = field(default_factory=dict)
    """Further networks by name; only plan files have them."""
    sample: SpaceSample | None = None
    """Networks that fill a search space; only plan files have them."""
    match: bool = False
    """Add baselines scaled to each variant's number of parameters."""
    retune: bool = False
    """Choose a learning rate for each network first, with the same small budget."""
    seeds: Seeds = DEFAULT_SEEDS
    trial: TrialSpec = TrialSpec()  # noqa: RUF009 (frozen)
    rule: DecisionRule = DEFAULT_RULE
    allow_overlap: bool = False
    """Train also on images that are scored."""
    name: str | None = None
    """Name of the study; None to make it from what is requested."""
    question: str = ""
    """What the study is to answer, in one line."""
    weights_from: str | None = None
    """Weights file, or key of a trial, from which all networks start; None for initial weights."""
    heal: str | None = None
    """Recipe by which they train on from these weights; None to train nothing (a lesion)."""
    origin: str = ""
    """File that it was read from, which errors name."""

    def check(self) -> None:
        """Refuse requests that contradict each other.

        Raises:
            ConfigError: Naming the options.
        """
        if not self.has_members and self.path is None:
            raise ConfigError(
                "--variant, --factor or --path is needed; `workbench variants` lists the variants, "
                "`all` means all"
            )
        if self.path is not None:
            self._check_path()
        elif self.order or self.shapley:
            option = "--shapley" if self.shapley else "--order"
            raise ConfigError(f"{option} needs --path PRESET:PRESET")
        if self.budget is not None and not self.shapley:
            raise ConfigError("--budget needs --shapley")
        if self.design not in (None, "leave-one-out") and (self.networks_of_plan or self.sample):
            raise ConfigError(
                f"networks and sample cannot be combined with design {self.design}: they are "
                "compared with the base"
            )
        if self.match and self.design not in (None, "leave-one-out", "one-factor"):
            raise ConfigError(f"--match cannot be combined with --design {self.design}")
        check_weights(self)

    @property
    def has_members(self) -> bool:
        """Whether it names anything to compare with its base."""
        return bool(self.variants or self.factors or self.networks_of_plan or self.sample)

    def _check_path(self) -> None:
        for option, given in (
            ("--variant", self.variants),
            ("networks", self.networks_of_plan),
            ("sample", self.sample),
            ("--base", self.base),
            ("--design", self.design),
            ("--factor", self.factors),
            ("--match", self.match),
        ):
            if given:
                raise ConfigError(
                    f"{option} cannot be combined with --path, which names both networks"
                )
        if self.seeds.looks:
            raise ConfigError(
                "--seeds FIRST..MOST cannot be combined with --path: its steps are a chain, judged "
                "together"
            )

    def networks(self) -> tuple[str, ...]:
        """Return the presets that are needed: the base, or both ends of the path.

        Raises:
            ConfigError: If the path is not `PRESET:PRESET`.
        """
        return parse_route(self.path) if self.path is not None else (self.base or DEFAULT_BASE,)


def check_weights(spec: StudySpec) -> None:
    """Refuse what means nothing for a study that starts from trained weights.

    Raises:
        ConfigError: Naming the option.
    """
    if spec.weights_from is None:
        if spec.heal is not None:
            raise ConfigError("--heal needs --from WEIGHTS, whose training it continues")
        return
    for option, given in (
        ("--path", spec.path),
        ("--match", spec.match),
        ("networks", spec.networks_of_plan),
        ("sample", spec.sample),
    ):
        if given:
            raise ConfigError(
                f"{option} cannot be combined with --from: the base is the network of those weights"
            )
    if spec.heal is None:
        _check_lesion(spec)
    elif spec.trial.recipe not in (DEFAULT_RECIPE, spec.heal):
        raise ConfigError("--recipe cannot be combined with --heal, which names the recipe")


def _check_lesion(spec: StudySpec) -> None:
    trial = spec.trial
    for option, given in (
        ("--retune", spec.retune),
        ("--recipe", trial.recipe != DEFAULT_RECIPE),
        ("--steps", trial.steps is not None),
        ("--data", trial.data),
        ("--validation", trial.validation),
    ):
        if given:
            raise ConfigError(
                f"{option} does not apply to a lesion, which trains nothing; add --heal RECIPE to "
                "continue training from the weights"
            )
    for key in trial.overrides:
        if key.startswith(("training", "data")) and key not in COMPUTES:
            raise ConfigError(f"--set {key} does not apply to a lesion, which trains nothing")
    if spec.seeds != DEFAULT_SEEDS:
        raise ConfigError(
            "--seeds does not apply to a lesion, which is scored once, with an interval over "
            "images; add --heal RECIPE to continue training under several seeds"
        )


def margin(value: float) -> float:
    """Check an equivalence margin in dB.

    Raises:
        ConfigError: If it is out of 0..100 dB.
    """
    if not 0 <= value <= MOST_MARGIN_DB:
        raise ConfigError(f"--margin must lie in 0..{MOST_MARGIN_DB:g} dB, got {value}")
    return value


def decision_rule(
    alpha: float, margin_db: float, error_rate: ErrorRateScope = "dataset"
) -> DecisionRule:
    """Check family-wise error rate and equivalence margin.

    Args:
        alpha: Between 0 and 1.
        margin_db: In 0..100 dB.
        error_rate: Whether alpha holds on each data set or over all of them.

    Raises:
        ConfigError: If one is out of its bounds.
    """
    if not 0 < alpha < 1:
        raise ConfigError(f"--alpha must be between 0 and 1, got {alpha:g}")
    return DecisionRule(alpha, margin(margin_db), scope=error_rate)


def study_name(text: str | None) -> str | None:
    """Check the name of a study, which is also that of a file.

    Raises:
        ConfigError: If it cannot be the name of a file on every system.
    """
    return None if text is None else check_file_name(text, "--study")
