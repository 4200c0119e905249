"""The levels that hold unless somebody says otherwise. Light: options print them."""

from dataclasses import dataclass

ALPHA = 0.05
"""Error rate of a whole family of comparisons on one data set."""
MARGIN_DB = 0.02
"""Differences of PSNR within it do not matter."""


@dataclass(frozen=True)
class Levels:
    """What is fixed before a family is judged."""

    alpha: float = ALPHA
    """Error rate of the whole family on one data set, in 0..1."""
    margin_db: float = MARGIN_DB
    """Differences of PSNR within it do not matter; in dB, at least 0."""


DEFAULT = Levels()
