"""What `workbench search` is asked for: a space with its limits and rungs, and the settings."""

import difflib
import math
import re
from collections.abc import Mapping, Sequence

from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
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
from workbench.spaces.space import Fidelity, Limits, SpaceFile


def with_limits(space: SpaceFile, texts: Sequence[str]) -> SpaceFile:
    """Add limits such as `parameters<=60000` to those of the space; the same name is replaced.

    Raises:
        ConfigError: For anything else, with the nearest name.
    """
    found = space.limits.plain()
    for text in texts:
        name, sign, value = _limit_parts(text)
        if sign not in ("", "<=", "\u2264"):
            raise ConfigError(_other_sign(text, name, sign, value, found))
        if name not in found:
            raise ConfigError(f"--limit {text!r}: unknown limit {name!r}; {nearest(name, found)}")
        try:
            number = float(value.replace(",", "").replace("_", ""))
        except ValueError:
            number = math.nan
        if not sign or not math.isfinite(number):
            raise ConfigError(
                f"--limit must be NAME<=VALUE, such as parameters<=60000, got {text!r}"
            )
        whole = name in ("parameters", "convolutions")
        found[name] = int(number) if whole and number == int(number) else number
    return space.model_copy(update={"limits": Limits.parse(found, where="--limit")})


def _limit_parts(text: str) -> tuple[str, str, str]:
    """Split `NAME SIGN VALUE`; the sign is empty if there is none."""
    match = re.search(r"[<>=!\u2264\u2265]+", text)
    if match is None:
        return text.strip(), "", ""
    return text[: match.start()].strip(), match.group(), text[match.end() :].strip()


def _other_sign(text: str, name: str, sign: str, value: str, known: Mapping[str, object]) -> str:
    """Say that limits are upper bounds, and how this one is probably written."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    meant = f"{close[0] if close else 'NAME'}<={value or 'VALUE'}"
    return f"--limit {text!r}: a limit is an upper bound, written {meant!r}; got the sign {sign!r}"


OF_A_POPULATION = Fidelity(rungs=(0.25, 0.5, 0.75), keep=0.75)
"""Where a population is compared if neither the space nor the user says it."""


def with_fidelity(
    space: SpaceFile, rungs: str | None, keep: float | None, sampler: str
) -> SpaceFile:
    """Replace the rungs of a space.

    Args:
        space: The space.
        rungs: Shares of the steps such as `0.25,0.5`, `none`, or None for those of the space.
        keep: Share of the candidates that goes on, None for that of the space.
        sampler: A population has rungs also if the space has none.

    Raises:
        ConfigError: If either cannot be used.
    """
    found = space.fidelity.plain()
    if sampler == PBT and rungs is None and not space.fidelity.rungs:
        found = OF_A_POPULATION.plain()
    if rungs is not None:
        shares = [] if rungs == "none" else rungs.split(",")
        try:
            found["rungs"] = [float(share) for share in shares]
        except ValueError:
            raise ConfigError(
                f"--rungs must be shares of the steps such as 0.25,0.5, or none, got {rungs!r}"
            ) from None
    if keep is not None:
        found["keep"] = keep
    fidelity = Fidelity.parse(found, where="--rungs, --keep")
    return space.model_copy(update={"fidelity": fidelity})


def new_settings(
    space_name: str,
    space: SpaceFile,
    base: TrialConfig,
    objectives: Sequence[str],
    sampler: str,
    seed: int,
    trial_seeds: tuple[int, ...],
    batch: int,
    *,
    asynchronous: bool = False,
) -> Settings:
    """Put together what decides a search.

    Raises:
        ConfigError: For an unknown objective, a grid over numbers without steps, or a space that
            has nothing for this recipe, or nothing within its limits.
    """
    datasets = [source.name for source in base.evaluation.benchmarks]
    wanted = _objectives(objectives, space, datasets, space_name)
    if sampler == "grid" and size(space) is None:
        raise ConfigError(f"--sampler grid needs a space that can be counted, {space_name} cannot")
    if sampler == PBT:
        if asynchronous:
            raise ConfigError(
                "--asynchronous and --sampler pbt exclude each other: a population is compared as "
                "a whole"
            )
        _check_population(space, base, space_name, batch)
    _check_space(space, base, space_name)
    return Settings(
        space_name=space_name,
        space=space,
        base=base,
        objectives=tuple(objective.name for objective in wanted),
        sampler=sampler,
        seed=seed,
        trial_seeds=trial_seeds,
        batch=batch,
        asynchronous=asynchronous,
    )


def _check_population(space: SpaceFile, base: TrialConfig, names: str, batch: int) -> None:
    """Refuse a search in which nothing could change on the way.

    Raises:
        ConfigError: With what population based training needs.
    """
    stages = len(base.training.stages)
    if stages > 1:
        raise ConfigError(f"--sampler pbt needs a recipe of one stage, this one has {stages}")
    if not any(rung_steps(space.fidelity, base.training)):
        shares = ",".join(f"{share:g}" for share in space.fidelity.rungs) or "none"
        raise ConfigError(
            "--sampler pbt needs --rungs with a validation before the last step, where the worst "
            f"go on from the best; got {shares} with one every {base.training.validate_every:,} "
            f"of {base.training.total_steps():,} steps"
        )
    if batch < FEWEST:
        raise ConfigError(f"--sampler pbt needs a population of at least 2, got --batch {batch}")
    if not perturbable(space.dimensions):
        raise ConfigError(
            f"--sampler pbt changes {', '.join(FIELDS[:-1])} or {FIELDS[-1]} of the training on "
            f"the way, and {names} varies none of them"
        )


def _objectives(
    typed: Sequence[str], space: SpaceFile, datasets: Sequence[str], names: str
) -> tuple[Objective, ...]:
    """Return what was typed, else what the space says.

    Raises:
        ConfigError: For an unknown one.
    """
    if typed:
        return parse_objectives(typed, datasets)
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
