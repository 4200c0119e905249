"""Reading JSON as the standard has it: no NaN, no infinity, no number beyond a float.

Nesting has a limit of its own: Python's depends on its version, and what reads the values recurses.
"""

import json
import math
from typing import Any

MAX_DEPTH = 100
"""Lists and objects inside each other; the workbench's own files have about ten."""


def loads(content: str | bytes) -> Any:
    """Read JSON.

    Raises:
        ValueError: If it is no JSON or no UTF-8, a number in it is not finite, or it is nested more
            than 100 deep.
    """
    try:
        found = json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(found)
    return found


def _check_depth(value: object) -> None:
    """Refuse a value that is nested too deeply, level by level."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")


def _refuse(text: str) -> float:
    raise ValueError(f"numbers must be finite, got {text}")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)
