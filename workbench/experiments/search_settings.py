"""From what is requested of a search to its settings: space, limits and rungs. No torch."""

import math
from collections.abc import Mapping, Sequence

from workbench.config.pinning import read_marks
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.experiments.search_spec import SearchSpec
from workbench.experiments.trial_spec import trial_config
from workbench.search.audits import DEFAULT_SHARE
from workbench.search.objectives import Objective, parse_objectives
from workbench.search.population import FEWEST
from workbench.search.population import NAME as PBT
from workbench.search.reachable import check_limits
from workbench.search.record import Settings
from workbench.search.rungs import rung_steps
from workbench.search.schedules import FIELDS, perturbable
from workbench.spaces.files import SpaceError, check_values
from workbench.spaces.joining import find_spaces, location_of
from workbench.spaces.sizes import size
from workbench.spaces.space import Fidelity, Limits, SpaceFile, modules_of

PBT_FIDELITY = Fidelity(rungs=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), keep=0.75)
"""Rungs of population based training if neither the space nor the user has any. With only a few,
the settings of the best change too seldom to adapt."""
WHOLE = ("parameters", "convolutions")
"""Limits that are counts."""


def settings_of(spec: SearchSpec) -> Settings:
    """Return what decides a search. Reads the files of its spaces, and no image.

    Raises:
        ConfigError: For an unknown space, preset, recipe, limit or objective; rungs or limits that
            break a rule; a sampler that cannot search this space; or a space that has nothing for
            this recipe, or nothing within its limits.
    """
    space = find_spaces(spec.space)
    base = trial_config(space.base, spec.trial)
    space = with_limits(space, spec.limits)
    space = _with_fidelity(space, spec)
    datasets = [source.name for source in base.evaluation.benchmarks]
    objectives = _objectives(spec.objectives, space, datasets, spec.space)
    if spec.sampler == "grid" and size(space) is None:
        raise ConfigError(
            f"--sampler grid needs a finite space, and {spec.space} has dimensions without steps"
        )
    if spec.sampler == PBT:
        _check_population(spec, space, base)
    _check_space(space, base, spec.space)
    return Settings(
        space_name=spec.space,
        space=space,
        base=base,
        objectives=tuple(objective.name for objective in objectives),
        sampler=spec.sampler,
        seed=spec.seed,
        trial_seeds=spec.trial_seeds,
        batch=spec.batch,
        asynchronous=spec.asynchronous,
        audit_share=_audit_share(spec, space),
        selection="validation",
        sources=read_marks(modules_of(space)),
    )


def with_limits(space: SpaceFile, limits: Mapping[str, float]) -> SpaceFile:
    """Add limits to those of a space; one of the same name is replaced.

    Args:
        space: The space.
        limits: By name, such as `parameters` -> 60,000.

    Raises:
        ConfigError: For an unknown name, with the nearest, or a value out of bounds.
    """
    found = space.limits.plain()
    for name, value in limits.items():
        if name not in found:
            raise ConfigError(f"--limit: unknown limit {name!r}; {nearest(name, found)}")
        whole = name in WHOLE and math.isfinite(value) and value == int(value)
        found[name] = int(value) if whole else value
    return space.model_copy(update={"limits": Limits.parse(found, where="--limit")})


def _with_fidelity(space: SpaceFile, spec: SearchSpec) -> SpaceFile:
    """Replace the rungs of a space, and the fraction promoted at each.

    Raises:
        ConfigError: If either cannot be used.
    """
    found = space.fidelity.plain()
    if spec.sampler == PBT and spec.rungs is None and not space.fidelity.rungs:
        found = PBT_FIDELITY.plain()
    if spec.rungs is not None:
        found["rungs"] = list(spec.rungs)
    if spec.keep is not None:
        found["keep"] = spec.keep
    fidelity = Fidelity.parse(found, where="--rungs, --keep")
    return space.model_copy(update={"fidelity": fidelity})


def _audit_share(spec: SearchSpec, space: SpaceFile) -> float:
    """Return the fraction of candidates that no rung stops; 0 where nothing is stopped at rungs.

    Raises:
        ConfigError: If it lies outside 0..1, or is requested of population based training.
    """
    share = DEFAULT_SHARE if spec.audit_share is None else spec.audit_share
    if not 0 <= share <= 1:
        raise ConfigError(f"--audit-share must lie in 0..1, got {share:g}")
    if spec.sampler == PBT and spec.audit_share:
        raise ConfigError(
            "--audit-share and --sampler pbt exclude each other: offspring take the places of "
            "those that are stopped"
        )
    return share if space.fidelity.rungs and spec.sampler != PBT else 0.0


def _check_population(spec: SearchSpec, space: SpaceFile, base: TrialConfig) -> None:
    """Refuse population based training in which nothing could change between rungs.

    Raises:
        ConfigError: With what population based training needs.
    """
    if spec.asynchronous:
        raise ConfigError(
            "--asynchronous and --sampler pbt exclude each other: a population is compared as a "
            "whole"
        )
    stages = len(base.training.stages)
    if stages > 1:
        raise ConfigError(f"--sampler pbt needs a recipe of one stage, this one has {stages}")
    if not any(rung_steps(space.fidelity, base.training)):
        shares = ",".join(f"{share:g}" for share in space.fidelity.rungs) or "none"
        raise ConfigError(
            "--sampler pbt needs --rungs with a validation before the last step, where the worst "
            "are replaced by offspring of the best; "
            f"got {shares} with one every {base.training.validate_every:,} "
            f"of {base.training.total_steps():,} steps"
        )
    if spec.batch < FEWEST:
        raise ConfigError(
            f"--sampler pbt needs a population of at least {FEWEST}, got --batch {spec.batch}"
        )
    if not perturbable(space.dimensions):
        raise ConfigError(
            f"--sampler pbt changes {', '.join(FIELDS[:-1])} or {FIELDS[-1]} of the training "
            f"between rungs, and {spec.space} varies none of them"
        )


def _objectives(
    requested: Sequence[str], space: SpaceFile, datasets: Sequence[str], names: str
) -> tuple[Objective, ...]:
    """Return the requested objectives, else those of the space.

    Raises:
        ConfigError: For an unknown one.
    """
    if requested:
        return parse_objectives(requested, datasets)
    try:
        return parse_objectives(space.objectives, datasets)
    except ConfigError as error:
        place = location_of(SpaceError(["objectives"], ""), names)
        raise ConfigError(f"{place}: {error}") from None


def _check_space(space: SpaceFile, base: TrialConfig, names: str) -> None:
    """Refuse a space that has nothing to search with this recipe and these limits.

    Raises:
        ConfigError: With the file and the line, or with the option that is at fault.
    """
    try:
        check_values(space, base)
        check_limits(space, base)
    except SpaceError as error:
        part, *name = error.keys
        typed = part == "limits" and space.limits != find_spaces(names).limits
        where = " ".join(["--limit", *name]) if typed else location_of(error, names)
        raise ConfigError(f"{where}: {error}") from None
