"""Which networks a study trains, and which effects it estimates. No torch.

`leave-one-out`: the base, and each variant against it.
`add-one-in`: the base with all variants at once (stripped), and with all but one of them.
`one-factor`: the base, and each level of each factor against it.
`factorial`: every combination of the factors' levels.
`fractional-factorial`: a fraction of these that still tells the main effects apart.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

from workbench.ablation.contrasts import Cell, factorial_effects, fraction_effects
from workbench.ablation.factors import Factor
from workbench.ablation.fraction import smallest_fraction
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import (
    Arm,
    Change,
    Plan,
    check_seeds,
    incomparable,
    make_plan,
    run_identity,
)

Design = Literal["leave-one-out", "add-one-in", "one-factor", "factorial", "fractional-factorial"]

MAX_ARMS = 256
"""A design of more networks is refused as a mistake."""
STRIPPED = "stripped"


def design_plan(
    design: Design,
    study: str,
    base_name: str,
    base: TrialConfig,
    factors: Sequence[Factor],
    seeds: Sequence[int],
) -> Plan:
    """Return the plan of a design.

    Args:
        design: The kind of design.
        study: Name of the study.
        base_name: What tables call the base.
        base: Its trial; the seed does not matter.
        factors: At least one; for add-one-in and the factorial designs at least two.
        seeds: The same for all arms.

    Raises:
        ConfigError: If a combination cannot be built or compared, or builds the same network as
            another; if factors are too few or too many.
    """
    check_seeds(seeds)
    names = [factor.name for factor in factors]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"a factor must not repeat, got {name!r} twice")
    if design in ("leave-one-out", "one-factor"):
        return make_plan(
            study, base_name, base, [level for f in factors for level in f.levels], seeds
        )
    if len(factors) < 2:
        raise ConfigError(f"design {design} needs at least two factors, got {names}")
    if design == "add-one-in":
        return Plan(study, tuple(_add_one_in(base_name, base, factors)), tuple(seeds))
    cells = _cells(design, factors)
    arms = _combined(base_name, base, factors, cells)
    named = dict(zip(cells, (arm.name for arm in arms), strict=True))
    is_fraction = design == "fractional-factorial"
    effects = (fraction_effects if is_fraction else factorial_effects)(factors, named)
    return Plan(study, tuple(arms), tuple(seeds), effects=tuple(effects))


def _add_one_in(base_name: str, base: TrialConfig, factors: Sequence[Factor]) -> list[Arm]:
    """Return the stripped network, each part put back alone, and the whole base."""
    for factor in factors:
        if len(factor.levels) > 1:
            raise ConfigError(f"design add-one-in needs factors of one value, got {factor.name!r}")
    levels = [factor.levels[0] for factor in factors]
    stripped = _apply(levels, base)
    arms = [Arm(STRIPPED, "", stripped)]
    for level in levels:
        config = _apply([other for other in levels if other is not level], base)
        arms.append(Arm(_reverted_name(level.name), level.question, config, STRIPPED))
    arms.append(Arm(base_name, "What do all of them bring together?", base, STRIPPED))
    _check(arms, STRIPPED, stripped)
    return arms


def _reverted_name(name: str) -> str:
    """Name what reverting a variant puts back: `+lvar` for `no-lvar`."""
    return f"+{name.removeprefix('no-')}" if name.startswith("no-") else f"without {name}"


def _cells(design: Design, factors: Sequence[Factor]) -> list[Cell]:
    if design == "fractional-factorial":
        for factor in factors:
            if len(factor.levels) > 1:
                raise ConfigError(
                    f"design {design} needs factors of two values, {factor.name!r} has "
                    f"{len(factor.levels) + 1}"
                )
        return smallest_fraction(len(factors))
    count = 1
    for factor in factors:
        count *= len(factor.levels) + 1
    if count > MAX_ARMS:
        raise ConfigError(
            f"design {design} of {len(factors)} factors has {count:,} networks, at most "
            f"{MAX_ARMS} are allowed; try fractional-factorial"
        )
    return list(itertools.product(*(range(len(factor.levels) + 1) for factor in factors)))


def _combined(
    base_name: str, base: TrialConfig, factors: Sequence[Factor], cells: Sequence[Cell]
) -> list[Arm]:
    arms = []
    for cell in cells:
        levels = _levels(factors, cell)
        name = "+".join(level.name for level in levels) or base_name
        arms.append(Arm(name, "", _apply(levels, base)))
    _check(arms, base_name, base)
    return arms


def _levels(factors: Sequence[Factor], cell: Cell) -> list[Change]:
    return [f.levels[number - 1] for f, number in zip(factors, cell, strict=True) if number]


def _apply(levels: Sequence[Change], base: TrialConfig) -> TrialConfig:
    config = base
    for count, level in enumerate(levels):
        try:
            config = level.apply(config)
        except ConfigError as error:
            before = "+".join(other.name for other in levels[:count])
            after = f" after {before}" if before else ""
            raise ConfigError(f"{level.name}{after} cannot be built: {error}") from None
    return config


def _check(arms: Sequence[Arm], base_name: str, base: TrialConfig) -> None:
    """Refuse arms that cannot be compared, or that are the same network twice."""
    seen: dict[str, str] = {}
    for arm in arms:
        if arm.config is not base:
            problem = incomparable(arm.name, arm.config, base_name, base)
            if problem:
                raise ConfigError(f"{arm.name!r} {problem}")
        same = seen.setdefault(run_identity(arm.config), arm.name)
        if same != arm.name:
            raise ConfigError(
                f"{same!r} and {arm.name!r} build the same network, so the design cannot tell "
                "them apart; leave one of them out"
            )
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two networks of the design are called {name!r}")
