"""The mean over drawn orders: what the drawing adds to the error over seeds and images.

The orders of a Shapley attribution are drawn in pairs, one and its reverse. The pairs are a sample,
too: with s the standard deviation of their values and K their number, the half width over orders is
t_(K-1) s / sqrt(K). It is joined with that over seeds and images as the root of the sum of squares
(the method of variance estimates recovery; Zou and Donner 2008, Statistics in Medicine 27).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workbench.statistics.crossed import CrossedError
from workbench.statistics.estimate import Error, Estimate

_SMALLEST_P = 1e-9


@dataclass(frozen=True)
class OrdersError:
    """Error of a mean over seeds, images and pairs of orders."""

    crossed: CrossedError
    """Over seeds and images, these orders given."""
    pair_sd: float
    """Standard deviation of the pairs' values, dB."""
    pairs: int
    """At least 2."""

    @property
    def variance(self) -> float:
        """Variance of the mean, dB^2."""
        return self.crossed.variance + self.pair_sd**2 / self.pairs

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the variance, by Satterthwaite."""
        of_orders = self.pair_sd**2 / self.pairs
        parts = self.crossed.variance**2 / self.crossed.degrees + of_orders**2 / (self.pairs - 1)
        return self.variance**2 / parts if parts else self.crossed.degrees

    def half_width(self, alpha: float) -> float:
        """Return half the interval of confidence 1 - alpha, dB."""
        from scipy.special import stdtrit

        quantile = -float(stdtrit(self.pairs - 1, alpha / 2))
        over_orders = quantile * self.pair_sd / math.sqrt(self.pairs)
        return math.hypot(self.crossed.half_width(alpha), over_orders)

    def p(self, distance: float) -> float:
        """Return the p of a true mean that is `distance` dB away: whose interval ends there."""
        from scipy import optimize

        far = abs(distance)
        if far == 0:
            return 1.0
        if self.half_width(_SMALLEST_P) <= far:
            return 0.0 if self.variance == 0 else _SMALLEST_P
        lowest = math.log(_SMALLEST_P)
        root = optimize.brentq(lambda x: self.half_width(math.exp(x)) - far, lowest, 0.0, xtol=1e-6)
        return math.exp(float(root))

    def with_seeds(self, seeds: int) -> "OrdersError":
        """Return what another number of seeds would give; the orders stay."""
        return OrdersError(self.crossed.with_seeds(seeds), self.pair_sd, self.pairs)


@dataclass(frozen=True)
class OrdersEstimate(Estimate):
    """A mean over drawn orders."""

    pair_means: tuple[float, ...] = ()
    """Value of each pair of orders, dB."""

    @cached_property
    def error(self) -> Error | None:
        """What the mean may be off by; None with one seed or one pair of orders."""
        crossed = self.crossed_error
        if crossed is None or len(self.pair_means) < 2:
            return None
        return OrdersError(crossed, float(np.std(self.pair_means, ddof=1)), len(self.pair_means))


def over_orders(found: Estimate, pair_means: Sequence[float]) -> OrdersEstimate:
    """Return an estimate whose error includes the drawing of orders.

    Args:
        found: Over the seeds and images of the mean over all drawn orders.
        pair_means: Value of each pair of orders, dB; their mean is that of `found`.
    """
    sds = (found.seed_sd, found.image_sd, found.rest_sd)
    return OrdersEstimate(found.mean, found.seeds, found.images, *sds, pair_means=tuple(pair_means))
