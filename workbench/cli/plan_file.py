"""A plan file: everything that defines a study, written down once. No torch, no numpy."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from workbench.ablation.designs import Design
from workbench.cli.ablate_request import DEFAULT_RECIPE, Asked, Choice, Request, make_request
from workbench.cli.options import MOST_MARGIN_DB, levels, study_name
from workbench.cli.seeds import seed_rule
from workbench.config.base import Frozen
from workbench.config.bounds import MOST_TRIALS, Seed, Steps
from workbench.config.yaml_files import read_yaml
from workbench.errors import ConfigError
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB


class PlanFile(Frozen):
    """What a plan's YAML file holds. Every key means what the option of the same name means."""

    asks: str = Field(min_length=1)
    """What the study is to answer, in one line."""
    base: str | None = None
    design: Design | None = None
    variants: tuple[str, ...] = ()
    factors: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """Dotted keys and their values, such as `model.channels: [20, 24]`."""
    path: str | None = None
    order: tuple[str, ...] = ()
    shapley: bool = False
    budget: int | None = Field(default=None, ge=1, le=MOST_TRIALS)
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
    match: Literal["parameters"] | None = None
    retune: Literal["learning-rate"] | None = None
    study: str | None = None


def planned(path: Path) -> Request:
    """Return what a plan file asks for. Folders in it are relative to the working directory.

    Raises:
        ConfigError: Naming the file, for anything wrong.
    """
    content = read_yaml(path, PlanFile, "plan")
    try:
        # A plan has a name already: its file's.
        request = make_request(_asked(content, content.study or path.stem))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return replace(request, allow_overlap=content.allow_overlap)


def _asked(content: PlanFile, study: str) -> Asked:
    choice = Choice(
        variants=content.variants,
        base=content.base,
        path=content.path,
        order=",".join(content.order) or None,
        shapley=content.shapley,
        budget=content.budget,
        design=content.design,
        factors=content.factors,
        match=content.match is not None,
        retune=content.retune is not None,
    )
    return Asked(
        choice=choice,
        seeds=seed_rule(_seeds_text(content.seeds)),
        recipe=content.recipe,
        steps=content.steps,
        data=content.data,
        validation=content.validation,
        benchmarks=content.benchmarks,
        overrides=content.set,
        levels=levels(content.alpha, content.margin_db),
        study=study_name(study),
        question=content.asks,
    )


def _seeds_text(seeds: int | str | tuple[int, ...]) -> str:
    return ",".join(map(str, seeds)) if isinstance(seeds, tuple) else str(seeds)
