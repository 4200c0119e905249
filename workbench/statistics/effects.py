"""Effects: contrasts (weighted sums of scores) over several designs. No numpy."""

from collections.abc import Mapping
from dataclasses import dataclass

Terms = Mapping[str, float]
"""A member of a family: the arms that it is made of, with their weights. A variant against the
base is `{variant: 1, base: -1}`."""


@dataclass(frozen=True)
class Effect:
    """A member of the family that is made of several arms, such as a factor's main effect."""

    name: str
    terms: Terms
    """The weights add up to 0, so that what all arms share falls out."""
    question: str = ""
    behind: tuple[tuple[str, str], ...] = ()
    """Of an interaction: the pairs of main effects that it is tested behind (`gatekeeping.py`).
    Empty: it is tested from the start."""
