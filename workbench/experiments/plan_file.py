"""A plan file: everything that defines a study, written down once. No torch, no numpy."""

from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field

from workbench.ablation.designs import Design
from workbench.config.base import Frozen
from workbench.config.bounds import MOST_TRIALS, Seed, Steps
from workbench.config.yaml_files import read_yaml
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_RECIPE
from workbench.experiments.seeds import seed_rule
from workbench.experiments.space_sample import PlannedNetwork, SpaceSample
from workbench.experiments.study_spec import MOST_MARGIN_DB, StudySpec, decision_rule, study_name
from workbench.experiments.trial_spec import TrialSpec
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB, ErrorRateScope


class PlanFile(Frozen):
    """Content of a plan's YAML file. A key means the same as the option of its name."""

    question: str = Field(min_length=1, validation_alias=AliasChoices("question", "asks"))
    """What the study is to answer, in one line; version 0.1 called it `asks`."""
    base: str | None = None
    design: Design | None = None
    variants: tuple[str, ...] = ()
    factors: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """Dotted keys and their values, such as `model.channels: [20, 24]`."""
    networks: dict[str, PlannedNetwork] = Field(default_factory=dict)
    """Further networks that are compared with the base, by the names that tables show."""
    sample: SpaceSample | None = None
    """Networks that fill a search space evenly."""
    path: str | None = None
    order: tuple[str, ...] = ()
    shapley: bool = False
    budget: int | None = Field(default=None, ge=1, le=MOST_TRIALS)
    weights_from: str | None = Field(default=None, alias="from")
    """Weights file, or key of a trial, from which all networks start."""
    heal: str | None = None
    """Recipe by which they train on from these weights; without it nothing is trained."""
    seeds: Seed | str | tuple[Seed, ...] = 3
    """A count, a list, or `3..10`."""
    recipe: str = DEFAULT_RECIPE
    steps: Steps | None = None
    """Scales the recipe to this many steps in all."""
    data: tuple[str, ...] = ()
    validation: str | None = None
    benchmarks: tuple[str, ...] = ()
    allow_overlap: bool = False
    """Train also on images of the benchmarks or the validation."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Overrides of all networks alike."""
    alpha: float = Field(default=ALPHA, gt=0, lt=1)
    margin_db: float = Field(default=MARGIN_DB, ge=0, le=MOST_MARGIN_DB)
    error_rate: ErrorRateScope = "dataset"
    """Whether `alpha` holds on each data set or over all of them."""
    match: Literal["parameters"] | None = None
    retune: Literal["learning-rate"] | None = None
    study: str | None = None

    def spec(self, path: Path) -> StudySpec:
        """Return the study that it defines.

        Args:
            path: The file, whose name the study gets unless it has another one.

        Raises:
            ConfigError: Naming the file.
        """
        try:
            return StudySpec(
                variants=self.variants,
                base=self.base,
                path=self.path,
                order=self.order,
                shapley=self.shapley,
                budget=self.budget,
                design=self.design,
                factors=self.factors,
                networks_of_plan=self.networks,
                sample=self.sample,
                match=self.match is not None,
                retune=self.retune is not None,
                seeds=seed_rule(_seeds_text(self.seeds)),
                trial=TrialSpec(
                    self.recipe, self.steps, self.data, self.validation, self.benchmarks, self.set
                ),
                rule=decision_rule(self.alpha, self.margin_db, self.error_rate),
                allow_overlap=self.allow_overlap,
                name=study_name(self.study or path.stem),
                question=self.question,
                weights_from=self.weights_from,
                heal=self.heal,
                origin=str(path),
            )
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None


def read_plan(path: Path) -> PlanFile:
    """Read a plan file. Folders in it are relative to the working directory.

    Raises:
        ConfigError: Naming the file and the line, for anything wrong.
    """
    return read_yaml(path, PlanFile, "plan")


def _seeds_text(seeds: int | str | tuple[int, ...]) -> str:
    return ",".join(map(str, seeds)) if isinstance(seeds, tuple) else str(seeds)
