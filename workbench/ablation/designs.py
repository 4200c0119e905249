"""Which networks a study trains, and which effects it estimates. No torch.

`leave-one-out`: the base, and each variant against it.
`add-one-in`: the base with all variants at once (stripped), and with all but one of them.
`one-factor`: the base, and each level of each factor against it.
`factorial`: every combination of the factors' levels.
`fractional-factorial`: a part of these that still tells the main effects apart.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from workbench.ablation.factors import Factor, Level
from workbench.ablation.fraction import smallest_fraction
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import Arm, Plan, check_seeds, incomparable, make_plan, run_identity
from workbench.statistics.effects import Effect

Design = Literal["leave-one-out", "add-one-in", "one-factor", "factorial", "fractional-factorial"]

MAX_ARMS = 256
"""A design of more networks is refused as a mistake."""
STRIPPED = "stripped"

Cell = tuple[int, ...]
"""For each factor the number of its level, 0 for the base's."""


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
    is_part = design == "fractional-factorial"
    effects = _fraction_effects(factors, named) if is_part else _effects(factors, named)
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


def _levels(factors: Sequence[Factor], cell: Cell) -> list[Level]:
    return [f.levels[number - 1] for f, number in zip(factors, cell, strict=True) if number]


def _apply(levels: Sequence[Level], base: TrialConfig) -> TrialConfig:
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


def _effects(factors: Sequence[Factor], named: Mapping[Cell, str]) -> Iterator[Effect]:
    """Yield main effects, then interactions of two factors, of a full factorial design.

    A main effect is the mean, over all settings of the other factors, of what a level brings
    against the base's. An interaction is half of how much more it brings beside a level of the
    other factor than beside the base's (Box, Hunter and Hunter, 2005, section 5.6).
    """
    for place, factor in enumerate(factors):
        for number, level in enumerate(factor.levels, 1):
            yield Effect(
                _main_effect(level.name), _contrast(named, {place: number}), level.question
            )
    for (p, one), (q, other) in itertools.combinations(enumerate(factors), 2):
        for (i, a), (j, b) in itertools.product(
            enumerate(one.levels, 1), enumerate(other.levels, 1)
        ):
            question = f"Does {a.name} bring more together with {b.name}?"
            yield Effect(f"{a.name} x {b.name}", _contrast(named, {p: i, q: j}), question)


def _main_effect(level: str) -> str:
    """Name a main effect; the level alone is the name of a network."""
    return f"main effect {level}"


def _contrast(named: Mapping[Cell, str], levels: Mapping[int, int]) -> dict[str, float]:
    """Return the weights of an effect: signs of the levels, averaged over the other factors."""
    signs = {}
    for cell, name in named.items():
        if all(cell[place] in (0, number) for place, number in levels.items()):
            minus = sum(cell[place] == 0 for place in levels)
            signs[name] = -1.0 if minus % 2 else 1.0
    return {name: 2 * sign / len(signs) for name, sign in signs.items()}


def _fraction_effects(factors: Sequence[Factor], named: Mapping[Cell, str]) -> Iterator[Effect]:
    """Yield the effects that a part of a factorial design can tell apart.

    Interactions with equal signs in every network cannot be told apart: they are one effect with
    all their names. One that looks like a main effect is left out, as it is taken to be small.
    """
    columns: dict[tuple[float, ...], list[tuple[int, ...]]] = {}
    for size in (1, 2):
        for places in itertools.combinations(range(len(factors)), size):
            terms = _contrast(named, dict.fromkeys(places, 1))
            columns.setdefault(tuple(terms.values()), []).append(places)
    for column, members in columns.items():
        main = [places for places in members if len(places) == 1]
        shown = main or members
        label = " or ".join(" x ".join(factors[p].name for p in places) for places in shown)
        label = _main_effect(label) if main else label
        question = factors[main[0][0]].levels[0].question if main else ""
        yield Effect(label, dict(zip(named.values(), column, strict=True)), question)
