"""Fractional factorial designs: main effects are clear of two-factor interactions. No torch.

A fraction is defined by words: products of factors that are +1 in each of its networks. The length
of the shortest word is the resolution; with 4 or more no main effect is aliased with an interaction
of two factors. Source: Box, Hunter and Hunter, Statistics for Experimenters (2005), chapter 6.
"""

import itertools
from collections.abc import Sequence

from workbench.errors import ConfigError

MIN_FACTORS, MAX_FACTORS = 4, 9
"""With three factors no fraction has resolution 4; ten need more networks than anyone trains."""
RESOLUTION = 4


def smallest_fraction(count: int) -> list[tuple[int, ...]]:
    """Return the smallest fraction of resolution 4 or more, the base (all 0) first.

    Args:
        count: Number of factors, 4 to 9.

    Returns:
        For each network, 0 or 1 for each factor.

    Raises:
        ConfigError: If the factors are too few or too many.
    """
    if not MIN_FACTORS <= count <= MAX_FACTORS:
        raise ConfigError(
            f"design fractional-factorial needs {MIN_FACTORS} to {MAX_FACTORS} factors, got {count}"
            + ("; try factorial" if count < MIN_FACTORS else "")
        )
    for free in range(2, count):
        generators = _generators(free, count - free)
        if generators is not None:
            return [_with_generated(levels, generators) for levels in _settings(free)]
    raise AssertionError("the half with the product of all factors has a resolution of 4 or more")


def _generators(free: int, generated: int) -> list[tuple[int, ...]] | None:
    """Return for each generated factor the free ones that it is a product of; None if none fit.

    Of all generators of resolution 4 or more, those with the fewest short words are returned.
    """
    # A generator of two factors would make a word of three.
    products = [
        places
        for size in range(RESOLUTION - 1, free + 1)
        for places in itertools.combinations(range(free), size)
    ]
    best: tuple[tuple[int, ...], list[tuple[int, ...]]] | None = None
    for chosen in itertools.combinations(products, generated):
        lengths = _word_lengths(free, chosen)
        if min(lengths) < RESOLUTION:
            continue
        # Fewest short words: minimum aberration.
        rank = tuple(lengths.count(size) for size in range(RESOLUTION, free + generated + 1))
        if best is None or rank < best[0]:
            best = (rank, list(chosen))
    return None if best is None else best[1]


def _word_lengths(free: int, generators: Sequence[tuple[int, ...]]) -> list[int]:
    """Return the lengths of all words: products of generators with the factors that they make."""
    words = [{*places, free + number} for number, places in enumerate(generators)]
    lengths = []
    for size in range(1, len(words) + 1):
        for some in itertools.combinations(words, size):
            product: set[int] = set()
            for word in some:
                product ^= word
            lengths.append(len(product))
    return lengths


def _settings(free: int) -> list[tuple[int, ...]]:
    return list(itertools.product((0, 1), repeat=free))


def _with_generated(
    levels: tuple[int, ...], generators: Sequence[tuple[int, ...]]
) -> tuple[int, ...]:
    """Add the generated factors: 1 where an odd number of their free factors is 1.

    So the base (all 0) is always in the fraction.
    """
    return (*levels, *(sum(levels[place] for place in places) % 2 for places in generators))
