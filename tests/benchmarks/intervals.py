"""Error and power of intervals over seeds x images, by simulation: which one wastes no seeds.

    python -m tests.benchmarks.intervals [REPEATS]

Prints the worst error over seven mixes of spreads for each number of seeds and images, normal and
heavy tails (t with 3 degrees of freedom for images), then the power for the spreads of the public
scores: seeds 0.02 dB, images 0.07, rest 0.03. Five intervals of nominal 95 %: that of version
0.3.0, Satterthwaite's, Cochran and Cox's, the fiducial one, and the one that is used.
"""

import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from workbench.statistics.crossed import Values, fiducial_p, two_sided_p, variance

ALPHA = 0.05
SEEDS = (2, 3, 4, 6, 10, 20)
IMAGES = (2, 5, 14, 100, 200)
MIXES = (
    *((1.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.34, 0.33, 0.33), (0.9, 0.1, 0.0)),
    *((0.75, 0.25, 0.0), (0.25, 0.75, 0.0), (0.1, 0.9, 0.0)),
)
"""Shares of seeds, images and rest in the variance of the mean."""
POWER = ((3, 100, 0.05), (6, 100, 0.02), (6, 100, 0.03), (10, 100, 0.02), (6, 14, 0.03))
TAILS = (None, 3.0)


@dataclass(frozen=True)
class Studies:
    """Means and mean squares (over S I) of many simulated studies."""

    mean: Values
    seed: Values
    image: Values
    rest: Values
    seeds: int
    images: int

    @property
    def variance(self) -> Values:
        """Of the mean, estimated."""
        return variance(self.seed, self.image, self.rest)


def draw(
    seeds: int,
    images: int,
    shares: tuple[float, float, float],
    tails: float | None,
    repeats: int,
    random: np.random.Generator,
) -> Studies:
    """Draw studies by their sufficient statistics; heavy-tailed images one by one.

    Args:
        seeds: Of each study.
        images: Likewise.
        shares: Variance of the mean that seeds, images and rest bring.
        tails: Degrees of freedom of the images' t distribution; None for normal.
        repeats: Number of studies.
        random: Source of randomness.
    """
    of_seed, of_image, of_rest = shares
    f_a, f_b = seeds - 1, images - 1
    mean = random.normal(0, np.sqrt(of_seed + of_rest), repeats)
    a = (of_seed + of_rest) * random.chisquare(f_a, repeats) / f_a
    e = of_rest * random.chisquare(f_a * f_b, repeats) / (f_a * f_b)
    if tails is None:
        mean += random.normal(0, np.sqrt(of_image), repeats)
        b = (of_image + of_rest) * random.chisquare(f_b, repeats) / f_b
    else:
        unit = np.sqrt(of_image * images * (tails - 2) / tails)
        columns = random.standard_t(tails, (repeats, images)) * unit
        mean += columns.mean(axis=1)
        columns += random.normal(0, np.sqrt(of_rest * images), (repeats, images))
        b = columns.var(axis=1, ddof=1) / images
    return Studies(mean, a, b, e, seeds, images)


def first_version(s: Studies) -> Values:
    """Return p of the interval of version 0.3.0: both variances added, the smaller degrees."""
    error = np.sqrt(s.seed + s.image)
    found: Values = 2 * stats.t.sf(np.abs(s.mean) / error, min(s.seeds, s.images) - 1)
    return found


def satterthwaite(s: Studies) -> Values:
    """Return p of Satterthwaite's t."""
    f_a, f_b = s.seeds - 1, s.images - 1
    squares = s.seed**2 / f_a + s.image**2 / f_b + s.rest**2 / (f_a * f_b)
    freedom = np.maximum(s.variance**2 / squares, min(f_a, f_b))
    found: Values = 2 * stats.t.sf(np.abs(s.mean) / np.sqrt(s.variance), freedom)
    return found


def cochran_cox(s: Studies) -> Values:
    """Return 0 where the difference is beyond Cochran and Cox's weighted quantile, else 1."""
    by_seed, by_image = (stats.t.ppf(1 - ALPHA / 2, n - 1) for n in (s.seeds, s.images))
    limit = (s.seed * by_seed + s.image * by_image) / (s.seed + s.image)
    return np.where(np.abs(s.mean) > limit * np.sqrt(s.variance), 0.0, 1.0)


def _where_likely(s: Studies, p: Callable[[Studies], Values]) -> Values:
    """Return p where Satterthwaite's, which is nearly always smaller, is near alpha; else 1."""
    likely = satterthwaite(s) <= 2 * ALPHA
    found = np.ones_like(s.mean)
    mean, seed, image, rest = (one[likely] for one in (s.mean, s.seed, s.image, s.rest))
    cut = Studies(mean, seed, image, rest, s.seeds, s.images)
    found[likely] = p(cut)
    return found


def fiducial(s: Studies) -> Values:
    """Return the fiducial p."""
    return _where_likely(
        s,
        lambda c: fiducial_p(np.abs(c.mean), c.seed, c.image, c.rest, c.seeds - 1, c.images - 1),
    )


def used(s: Studies) -> Values:
    """Return the p that the workbench uses."""
    return _where_likely(
        s, lambda c: two_sided_p(c.mean, c.seed, c.image, c.rest, c.seeds, c.images)
    )


METHODS = {
    "0.3.0": first_version,
    "Satterthwaite": satterthwaite,
    "Cochran-Cox": cochran_cox,
    "fiducial": fiducial,
    "used": used,
}


def found_share(studies: Studies, method: Callable[[Studies], Values]) -> float:
    """Return how often a method finds a difference."""
    return float((method(studies) <= ALPHA).mean())


def _row(*cells: object) -> None:
    print("|", " | ".join(map(str, cells)), "|", flush=True)  # noqa: T201


def _errors(repeats: int, random: np.random.Generator) -> None:
    """Print the worst error of each method, and of ours in the worst cell."""
    print(f"worst error of {len(MIXES)} mixes, %, normal / heavy tails, {repeats:,} studies each")  # noqa: T201
    _row("seeds x images", *METHODS)
    _row(*["---"] * (len(METHODS) + 1))
    highest = 0.0
    for seeds, images in itertools.product(SEEDS, IMAGES):
        worst: dict[str, list[float]] = {name: [] for name in METHODS}
        for tails in TAILS:
            drawn = [draw(seeds, images, mix, tails, repeats, random) for mix in MIXES]
            for name, method in METHODS.items():
                worst[name].append(max(found_share(studies, method) for studies in drawn))
        highest = max(highest, *worst["used"])
        cells = (f"{100 * normal:.1f} / {100 * heavy:.1f}" for normal, heavy in worst.values())
        _row(f"{seeds} x {images}", *cells)
    found = stats.binomtest(round(highest * repeats), repeats)
    bound = found.proportion_ci(0.95, method="wilson").high
    print(f"worst cell: {100 * highest:.2f} %, upper bound {100 * bound:.2f} %\n")  # noqa: T201


def _power(repeats: int, random: np.random.Generator) -> None:
    """Print how often each method finds a difference."""
    print("power, %, normal / heavy tails")  # noqa: T201
    _row("seeds x images", "effect dB", *METHODS)
    _row(*["---"] * (len(METHODS) + 2))
    for seeds, images, effect in POWER:
        spreads = (0.02**2 / seeds, 0.07**2 / images, 0.03**2 / (seeds * images))
        both: dict[str, list[str]] = {name: [] for name in METHODS}
        for tails in TAILS:
            drawn = draw(seeds, images, spreads, tails, repeats, random)
            parts = (drawn.seed, drawn.image, drawn.rest, seeds, images)
            for name, method in METHODS.items():
                share = found_share(Studies(drawn.mean + effect, *parts), method)
                both[name].append(f"{100 * share:.1f}")
        _row(f"{seeds} x {images}", f"{effect:g}", *(" / ".join(one) for one in both.values()))


def main() -> None:
    """Print both tables."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    random = np.random.default_rng(0)
    _errors(repeats, random)
    _power(repeats, random)


if __name__ == "__main__":
    main()
