"""What `workbench ablate` is asked for, from its options or a plan file.

No torch, no numpy: `--help` and wrong options are answered at once.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from workbench.ablation.designs import Design, design_plan
from workbench.ablation.factors import Factor, field_factor, variant_factor
from workbench.ablation.path import AblationPath, make_path, parse_route, path_plan
from workbench.ablation.shapley import ShapleyPlan, shapley_plan
from workbench.ablation.variant import find_variants, local_variants
from workbench.cli.console import note
from workbench.cli.options import DEFAULT_BASE, image_source, overridden
from workbench.cli.seeds import Seeds
from workbench.config.data import DataConfig
from workbench.config.evaluation import EvaluationConfig
from workbench.config.presets import preset, recipe
from workbench.config.scaling import scaled
from workbench.config.training import TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import Plan
from workbench.statistics.decision_rule import DEFAULT_RULE, DecisionRule
from workbench.system.text import as_file_name, check_name

DEFAULT_BUDGET = 100
"""Most trials of `--shapley`."""
DEFAULT_RECIPE = "smoke"
_SETS_STEPS = re.compile(r"training(\.stages(\.\d+(\.steps)?)?)?")


@dataclass(frozen=True)
class Choice:
    """What is compared."""

    variants: tuple[str, ...] = ()
    base: str | None = None
    path: str | None = None
    order: str | None = None
    shapley: bool = False
    budget: int | None = None
    design: Design | None = None
    factors: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    """Dotted key -> values."""
    match: bool = False
    """Add bases of the variants' size."""
    retune: bool = False
    """Choose a learning rate for each network first."""

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            ConfigError: Naming them.
        """
        if not self.variants and not self.factors and self.path is None:
            raise ConfigError(
                "--variant, --factor or --path is needed; `workbench variants` lists the variants, "
                "`all` means all"
            )
        if self.path is not None:
            self._check_path()
        elif self.order is not None or self.shapley:
            option = "--shapley" if self.shapley else "--order"
            raise ConfigError(f"{option} needs --path PRESET:PRESET")
        if self.budget is not None and not self.shapley:
            raise ConfigError("--budget needs --shapley")
        if self.match and self.design not in (None, "leave-one-out", "one-factor"):
            raise ConfigError(f"--match means nothing with --design {self.design}")

    def _check_path(self) -> None:
        for option, given in (
            ("--variant", self.variants),
            ("--base", self.base),
            ("--design", self.design),
            ("--factor", self.factors),
            ("--match", self.match),
        ):
            if given:
                raise ConfigError(f"{option} means nothing with --path, which names both ends")

    def networks(self) -> tuple[str, ...]:
        """Return the presets that are needed: the base, or both ends of the path."""
        return parse_route(self.path) if self.path is not None else (self.base or DEFAULT_BASE,)


@dataclass(frozen=True)
class Asked:
    """Everything that defines a study."""

    choice: Choice
    seeds: Seeds
    recipe: str = DEFAULT_RECIPE
    steps: int | None = None
    """Of all stages of the recipe, scaled to them; None for the recipe's own."""
    data: Sequence[str] = ()
    validation: str | None = None
    benchmarks: Sequence[str] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)
    levels: DecisionRule = DEFAULT_RULE
    study: str | None = None
    question: str = ""
    """What the study is to answer, in one line."""


@dataclass(frozen=True)
class Request:
    """What is run, and what its report is about."""

    plan: Plan
    levels: DecisionRule = DEFAULT_RULE
    path: AblationPath | None = None
    shapley: ShapleyPlan | None = None
    match: bool = False
    retune: bool = False
    remark: str = ""
    """Said before anything runs."""
    allow_overlap: bool = False
    """Train also on images that are scored."""


def make_request(asked: Asked) -> Request:
    """Return what is to run.

    Raises:
        ConfigError: If options contradict each other, or if a network cannot be built, trained or
            compared.
    """
    choice = asked.choice
    choice.check()
    trials = [trial_config(name, asked) for name in choice.networks()]
    request = _request(choice, trials, asked)
    plan = replace(request.plan, looks=asked.seeds.looks, question=asked.question)
    if plan.looks and choice.path is not None:
        raise ConfigError("--seeds FIRST..MOST means nothing with --path: its steps hang together")
    return replace(
        request, plan=plan, levels=asked.levels, match=choice.match, retune=choice.retune
    )


def trial_config(network: str, asked: Asked) -> TrialConfig:
    """Assemble the trial of a preset; what is not given keeps its default.

    Raises:
        ConfigError: For an unknown preset or recipe, or images that cannot be meant.
    """
    data = DataConfig().plain()
    if asked.data:
        data["training"] = [image_source(text, "--data").plain() for text in asked.data]
    if asked.validation:
        data["validation"] = image_source(asked.validation, "--validation").plain()
    evaluation = EvaluationConfig().plain()
    if asked.benchmarks:
        sources = [image_source(text, "--benchmark") for text in asked.benchmarks]
        evaluation["benchmarks"] = [source.plain() for source in sources]
    trial = TrialConfig.parse(
        {
            "model": preset(network).plain(),
            "training": lengthened(recipe(asked.recipe), asked.steps, asked.overrides).plain(),
            "data": data,
            "evaluation": evaluation,
        }
    )
    changed = overridden(trial, asked.overrides)
    for source in (*changed.data.training, changed.data.validation, *changed.evaluation.benchmarks):
        check_name(source.name, "name of a data set")
    return changed


def lengthened(
    training: TrainingConfig, steps: int | None, overrides: Mapping[str, object]
) -> TrainingConfig:
    """Return a recipe scaled to `--steps`, to which overrides are applied afterwards.

    Args:
        training: The recipe.
        steps: Of all stages together; None for its own.
        overrides: Those of `--set`.

    Raises:
        ConfigError: For too few steps, or overrides that say the steps again.
    """
    if steps is None:
        return training
    again = next((key for key in overrides if _SETS_STEPS.fullmatch(key)), None)
    if again is not None:
        raise ConfigError(f"--steps and --set {again} both say the steps; write one of them")
    return scaled(training, steps)


def _request(choice: Choice, trials: Sequence[TrialConfig], asked: Asked) -> Request:
    names, seeds = choice.networks(), asked.seeds.seeds
    if choice.path is None:
        name = asked.study or _study(names, asked.recipe, trials, _extra(choice))
        return Request(_designed(name, choice, trials[0], seeds))
    order = [name.strip() for name in choice.order.split(",")] if choice.order else []
    path = make_path((names[0], names[1]), trials[0], trials[1], order)
    study = asked.study or _study(names, asked.recipe, trials, (path.order,))
    if not choice.shapley:
        remark = f"path: {' -> '.join([names[0], *(f'+{n}' for n in path.order)])} = {names[1]}"
        return Request(path_plan(path, study, seeds), path=path, remark=remark)
    budget = choice.budget or DEFAULT_BUDGET
    shares = shapley_plan(path, study, seeds, budget)
    return Request(shares.plan, path=path, shapley=shares, remark=shares.describe(budget))


def _designed(study: str, choice: Choice, base: TrialConfig, seeds: Sequence[int]) -> Plan:
    variants = find_variants(list(choice.variants))
    for local in local_variants(variants):
        note(f"variant {local.name} comes from {local.path}")
    factors: list[Factor] = [variant_factor(variant) for variant in variants]
    factors += [field_factor(key, values, base) for key, values in choice.factors.items()]
    name = choice.networks()[0]
    return design_plan(choice.design or "leave-one-out", study, name, base, factors, seeds)


def _extra(choice: Choice) -> tuple[object, ...]:
    """Return what a study's name must tell apart besides the trial of its base.

    Not the variants: more of them belong to the same study, whose report then says that they were
    added.
    """
    design = None if choice.design in ("leave-one-out", "one-factor") else choice.design
    return tuple(part for part in (design, "retuned" if choice.retune else None) if part)


def _study(
    names: Sequence[str], recipe_name: str, trials: Sequence[TrialConfig], extra: tuple[object, ...]
) -> str:
    """Name a study; a digest keeps runs of different settings, and paths of other orders, apart."""
    # Names of data sets may hold a slash, names of files may not.
    data = as_file_name("+".join(source.name for source in trials[0].data.training))
    content = [*(trial.plain() for trial in trials), *extra]
    whole = content if extra else content[0]
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:6]
    return f"{'-to-'.join(names)}_{recipe_name}_{data}_{digest}"
