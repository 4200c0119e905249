"""What decides verdicts, fixed before a study begins. No numpy: options print its defaults."""

from dataclasses import dataclass
from typing import Literal

ALPHA = 0.05
"""Family-wise error rate on one data set."""
MARGIN_DB = 0.02
"""Equivalence margin (TOST), PSNR in dB."""


Verdict = Literal["better", "worse", "equivalent", "undecided", "not testable"]
"""Conclusion from a difference of PSNR; `not testable` with one seed."""


@dataclass(frozen=True)
class DecisionRule:
    """Error rate, equivalence margin and interim looks of a family of comparisons."""

    alpha: float = ALPHA
    """Family-wise error rate on one data set, in 0..1."""
    margin_db: float = MARGIN_DB
    """Equivalence margin (TOST), PSNR in dB, at least 0."""
    looks: tuple[tuple[int, ...], ...] = ()
    """All seeds at each look of a sequential study, which adds seeds to undecided comparisons.
    Empty: one look at all seeds."""


DEFAULT_RULE = DecisionRule()
