"""Steps between networks, weighted for a mean. Light, so that plans can hold them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightedStep:
    """From one network to another, and how much this step counts in a mean of steps."""

    weight: float
    before: str
    """Name of the network before the step."""
    after: str
