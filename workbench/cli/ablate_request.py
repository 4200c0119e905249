"""What `workbench ablate` is asked for, from its options: variants, a path, or a mean over paths.

No torch, no numpy: `--help` and wrong options are answered at once.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.ablation.path import AblationPath, make_path, parse_route, path_plan
from workbench.ablation.plan import Plan, make_plan
from workbench.ablation.shapley import ShapleyPlan, shapley_plan
from workbench.ablation.variant import find_variants, local_variants
from workbench.cli.console import note
from workbench.cli.options import DEFAULT_BASE, image_source
from workbench.config.data import DataConfig
from workbench.config.evaluation import EvaluationConfig
from workbench.config.presets import preset, recipe
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError

DEFAULT_BUDGET = 100
"""Most trials of `--shapley`."""


@dataclass(frozen=True)
class Choice:
    """The options that say what is compared."""

    variants: tuple[str, ...] = ()
    base: str | None = None
    path: str | None = None
    order: str | None = None
    shapley: bool = False
    budget: int | None = None

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            ConfigError: Naming them.
        """
        if not self.variants and self.path is None:
            raise ConfigError(
                "--variant or --path is needed; `workbench variants` lists the variants, "
                "`all` means all"
            )
        if self.path is not None:
            for option, given in (("--variant", self.variants), ("--base", self.base)):
                if given:
                    raise ConfigError(f"{option} means nothing with --path, which names both ends")
        elif self.order is not None or self.shapley:
            option = "--shapley" if self.shapley else "--order"
            raise ConfigError(f"{option} needs --path PRESET:PRESET")
        if self.budget is not None and not self.shapley:
            raise ConfigError("--budget needs --shapley")

    def networks(self) -> tuple[str, ...]:
        """Return the presets that are needed: the base, or both ends of the path."""
        return parse_route(self.path) if self.path is not None else (self.base or DEFAULT_BASE,)


@dataclass(frozen=True)
class Request:
    """What is run, and what its report is about."""

    plan: Plan
    path: AblationPath | None = None
    shapley: ShapleyPlan | None = None
    remark: str = ""
    """Said before anything runs."""


def trial_config(
    network: str,
    recipe_name: str,
    data: Sequence[str],
    validation: str | None,
    benchmarks: Sequence[str],
) -> TrialConfig:
    """Assemble the trial of a preset; what is not given keeps its default.

    Raises:
        ConfigError: For an unknown preset or recipe, or images that cannot be meant.
    """
    data_fields = DataConfig().plain()
    if data:
        data_fields["training"] = [image_source(text, "--data").plain() for text in data]
    if validation:
        data_fields["validation"] = image_source(validation, "--validation").plain()
    evaluation = EvaluationConfig().plain()
    if benchmarks:
        sources = [image_source(text, "--benchmark") for text in benchmarks]
        evaluation["benchmarks"] = [source.plain() for source in sources]
    return TrialConfig.parse(
        {
            "model": preset(network).plain(),
            "training": recipe(recipe_name).plain(),
            "data": data_fields,
            "evaluation": evaluation,
        }
    )


def make_request(
    choice: Choice,
    trials: Sequence[TrialConfig],
    seeds: Sequence[int],
    recipe_name: str,
    study: str | None,
) -> Request:
    """Return what is to run.

    Args:
        choice: Checked.
        trials: Of `choice.networks()`.
        seeds: The same for all networks.
        recipe_name: For the name of the study.
        study: Its name, if it has one.

    Raises:
        ConfigError: If a variant or a step of the path cannot be built, trained or compared.
    """
    names = choice.networks()
    if choice.path is None:
        return _variants(
            study or _study(names, recipe_name, trials, None), names[0], choice, trials[0], seeds
        )
    order = [name.strip() for name in choice.order.split(",")] if choice.order else []
    path = make_path((names[0], names[1]), trials[0], trials[1], order)
    study = study or _study(names, recipe_name, trials, path)
    if not choice.shapley:
        remark = f"path: {' -> '.join([names[0], *(f'+{n}' for n in path.order)])} = {names[1]}"
        return Request(path_plan(path, study, seeds), path, remark=remark)
    budget = choice.budget or DEFAULT_BUDGET
    shares = shapley_plan(path, study, seeds, budget)
    return Request(shares.plan, path, shares, shares.describe(budget))


def _variants(
    study: str, base_name: str, choice: Choice, base: TrialConfig, seeds: Sequence[int]
) -> Request:
    variants = find_variants(list(choice.variants))
    for local in local_variants(variants):
        note(f"variant {local.name} comes from {local.path}")
    return Request(make_plan(study, base_name, base, variants, seeds))


def _study(
    names: Sequence[str],
    recipe_name: str,
    trials: Sequence[TrialConfig],
    path: AblationPath | None,
) -> str:
    """Name a study; a digest keeps runs of different settings, and paths of other orders, apart."""
    data = "+".join(source.name for source in trials[0].data.training)
    content = [trial.plain() for trial in trials] + ([path.order] if path else [])
    whole = content if path else content[0]
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:6]
    return f"{'-to-'.join(names)}_{recipe_name}_{data}_{digest}"
