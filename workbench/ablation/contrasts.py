"""Effects of factorial designs: weighted sums of the arms' scores. No torch."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

from workbench.ablation.factors import Factor
from workbench.statistics.effects import Effect

_SHOWN = 8
"""Aliases that are named."""
Cell = tuple[int, ...]
"""For each factor the number of its level, 0 for the base's."""


def factorial_effects(factors: Sequence[Factor], named: Mapping[Cell, str]) -> Iterator[Effect]:
    """Yield main effects, then interactions of two factors, of a full factorial design.

    A main effect is the mean, over all settings of the other factors, of what a level brings
    against the base's. An interaction is half of how much more it brings beside a level of the
    other factor than beside the base's (Box, Hunter and Hunter, 2005, section 5.6). It is tested
    behind both of its main effects.

    Args:
        factors: Of the design.
        named: The name of the arm of each cell.
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
            behind = ((_main_effect(a.name), _main_effect(b.name)),)
            yield Effect(f"{a.name} x {b.name}", _contrast(named, {p: i, q: j}), question, behind)


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


def fraction_text(factors: Sequence[str], cells: Sequence[Cell]) -> str:
    """Return the resolution of a fraction, and what its main effects are aliased with.

    Args:
        factors: Their names.
        cells: 0 or 1 for each factor, of each network.
    """
    words = [
        places
        for size in range(3, len(factors) + 1)
        for places in itertools.combinations(range(len(factors)), size)
        if len({sum(cell[place] for place in places) % 2 for cell in cells}) == 1
    ]
    if not words:
        return "the whole factorial design: no effects are aliased"
    resolution = len(words[0])
    text = f"a fraction of resolution {resolution}"
    if resolution != 4:
        return f"{text}: main effects and interactions of two factors are clear of each other"
    aliases = [
        f"{factors[main]} = {' x '.join(factors[place] for place in word if place != main)}"
        for word in words
        if len(word) == 4
        for main in word
    ]
    more = f" and {len(aliases) - _SHOWN} more" if len(aliases) > _SHOWN else ""
    return f"{text}; aliased (one estimate for both): {', '.join(aliases[:_SHOWN])}{more}"


def fraction_effects(factors: Sequence[Factor], named: Mapping[Cell, str]) -> Iterator[Effect]:
    """Yield the effects that a fraction of a factorial design can estimate.

    Interactions with equal signs in every network are aliased: they are one effect with all their
    names, tested once both main effects of any of these differ. One that is aliased with a main
    effect is left out, as it is taken to be small.
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
        first = [tuple(_main_effect(factors[p].name) for p in places) for places in shown]
        behind = tuple((pair[0], pair[1]) for pair in first if len(pair) == 2)
        yield Effect(label, dict(zip(named.values(), column, strict=True)), question, behind)
