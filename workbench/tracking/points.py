"""Values of metrics that MLflow can hold. No mlflow."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """One value of one metric."""

    name: str
    value: float
    """Finite or not a number."""
    time_ms: int
    """Unix time."""
    step: int


def point(name: str, value: float, time_s: float, step: int) -> Point:
    """Return a value of a metric that MLflow can hold."""
    # MLflow would store an infinity as 1.8e308, which no chart survives. The note and result.json
    # hold the true value.
    finite = math.nan if math.isinf(value) else float(value)
    return Point(name, finite, milliseconds(time_s), step)


def milliseconds(time_s: float) -> int:
    """Return a time as MLflow stores it."""
    return round(time_s * 1_000)


def rounded(value: float) -> float:
    """Return a score or difference as MLflow's narrow columns can show it.

    They cut numbers off at their end, and 5.7e-08 then reads as 5.7. Artifacts have all digits.
    """
    return round(value, 6) + 0.0  # no signed zero
