"""Reading JSON as the standard has it: no NaN, no infinity, no number beyond a float."""

import json
import math
from typing import Any


def loads(content: str | bytes) -> Any:
    """Read JSON.

    Raises:
        ValueError: If it is no JSON or no UTF-8, or a number in it is not finite.
    """
    try:
        return json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(text: str) -> float:
    raise ValueError(f"numbers must be finite, got {text}")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)
