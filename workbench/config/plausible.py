"""What numbers of a record can be: a value outside was never measured. No torch.

Records come from disks, exports and other people. One impossible score would go into means,
intervals and verdicts, or end every report of its study, so it is refused where it is read.
"""

import math
from typing import Annotated

from pydantic import AfterValidator

HIGHEST_DB = 100.0
"""Written in place of an infinite PSNR (identical images), and of every value above it."""
_MOST = 10**18
_YEAR_9999_S = 253_402_300_799
_ROUNDING = 1e-9
"""By so much a mean may leave the range of its values."""


def _within(low: float, high: float) -> AfterValidator:
    def check(value: float) -> float:
        # Also false for NaN.
        if not low - _ROUNDING <= value <= high + _ROUNDING:
            raise ValueError(f"must be within {low:,g}..{high:,g}, got {value!r}"[:160])
        return value

    return AfterValidator(check)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"must be finite, got {value!r}")
    return value


PsnrDb = Annotated[float, _within(0, HIGHEST_DB)]
"""Of 8-bit images: 0 dB is black against white."""
Ssim = Annotated[float, _within(-1, 1)]
Count = Annotated[int, _within(0, _MOST)]
Size = Annotated[int, _within(1, _MOST)]
Seconds = Annotated[float, _within(0, _MOST)]
Moment = Annotated[float, _within(0, _YEAR_9999_S)]
"""Unix time, as far as calendars go."""
Share = Annotated[float, _within(0, 1)]
NotNegative = Annotated[float, _within(0, _MOST)]
Finite = Annotated[float, AfterValidator(_finite)]
