"""Sign flips of the seeds' means: a test that assumes no distribution.

If variant and base are the same design, each seed's mean difference is as likely to be negative as
positive. All 2^S ways to set the signs give the distribution of the mean.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

EXACT_SEEDS = 16
"""Up to this number of seeds all signs are tried; beyond, `DRAWN` are drawn."""
DRAWN = 100_000
_AT_ONCE = 4_000_000
"""Signs that are multiplied at once."""
_ROUNDING = 1e-12
"""Means that differ by less, relatively, are equal."""


def sign_flip_p(seed_means: ArrayLike) -> float:
    """Return the two-sided p of the mean of the seeds' means.

    Args:
        seed_means: One mean difference for each seed, at least one.
    """
    values = np.asarray(seed_means, dtype=float)
    signs = _signs(len(values))
    flipped = np.abs(np.concatenate([s @ values for s in np.array_split(signs, _parts(signs))]))
    as_extreme = flipped >= abs(values.sum()) - _ROUNDING * np.abs(values).sum()
    return float(as_extreme.mean())


def smallest_p(seeds: int) -> float:
    """Return the smallest two-sided p that S seeds can reach: 2^(1 - S)."""
    return min(1.0, 2.0 ** (1 - seeds))


def seeds_for(alpha: float) -> int:
    """Return the first number of seeds whose exact test can reach alpha."""
    return int(np.ceil(1 - np.log2(alpha)))


@cache
def _signs(seeds: int) -> NDArray[np.int8]:
    """Return rows of signs: all of them, or drawn ones with the data's own among them."""
    if seeds <= EXACT_SEEDS:
        bits = np.arange(2**seeds)[:, None] >> np.arange(seeds)
        return np.where(bits & 1, np.int8(-1), np.int8(1))
    drawn = np.random.default_rng(0).choice(np.array([-1, 1], dtype=np.int8), (DRAWN, seeds))
    drawn[0] = 1
    return drawn


def _parts(signs: NDArray[np.int8]) -> int:
    """Return in how many parts signs are multiplied: as floats they take eight times the memory."""
    return -(-signs.size // _AT_ONCE)
