"""From a combination to a network that may be trained: built, counted, held to the limits.

Imports torch late: costs are counted on the meta device.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.results import Cost
from workbench.search.space import Limits


@dataclass(frozen=True)
class Counted:
    """A network that can be built, and what it costs."""

    config: TrialConfig
    cost: Cost


@cache
def cost_of(model: ModelConfig) -> Cost:
    """Return what a network costs at the size that costs are counted at; each is counted once."""
    from workbench.models.complexity import DEFAULT_LR_PX, count

    lr_px = max(DEFAULT_LR_PX, model.smallest_lr_px())
    return count(model, lr_px, lr_px).cost


def build(base: TrialConfig, overrides: Mapping[str, Any], limits: Limits) -> Counted | str:
    """Return the candidate, or why it is rejected.

    Args:
        base: The canonical trial.
        overrides: A combination of the space.
        limits: Hard; at a limit is within it.
    """
    try:
        config = apply_overrides(base, overrides)
    except ConfigError as error:
        return f"cannot be built: {error}"
    cost = cost_of(config.model)
    return beyond(cost, limits) or Counted(config, cost)


def beyond(cost: Cost, limits: Limits) -> str:
    """Return the first limit that a cost is beyond; empty if it is within all."""
    for name, value, most in (
        ("parameters", cost.parameters, limits.parameters),
        ("multiply_adds_g", cost.multiply_adds / 1e9, limits.multiply_adds_g),
        ("activations_m", cost.activations / 1e6, limits.activations_m),
        ("convolutions", cost.convolutions, limits.convolutions),
    ):
        if most is not None and value > most:
            return f"{name} {value:,.6g} > {most:,g}"
    return ""
