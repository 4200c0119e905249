"""Controls of equal size: the base narrowed or widened to a variant's size. Imports torch late.

A smaller variant loses something by its size alone; what the part itself brings shows against a
base with the same number of parameters.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.network import Network
from workbench.config.overrides import apply_overrides
from workbench.errors import ConfigError
from workbench.execution.plan import Arm, Plan
from workbench.statistics.effects import Effect
from workbench.system.numbers import percent_change

WIDTH = "model.channels"
MOST_OFF = 0.1
"""Parts of a variant's parameters by which a base of its size may differ without a remark."""
MOST_TIMES = 16
"""How many times as wide as the base a wider one may be."""


def with_matched(plan: Plan) -> tuple[Plan, tuple[str, ...]]:
    """Add, for each variant, the base whose number of parameters is nearest to the variant's.

    Args:
        plan: Of variants that are compared with the base.

    Returns:
        The plan with the matched bases and their effects; a remark on how near each base is.

    Raises:
        ConfigError: If the plan compares with anything but its base, or the base is a network of
            one's own, of which nobody knows what its width is.
    """
    base = plan.base.config.model
    if isinstance(base, ModuleConfig):
        raise ConfigError(
            f"--match parameters changes the channels of the base, and {base.path} is a network of "
            "your own; add a factor such as model.arguments.width=24,32 instead"
        )
    if set(plan.against.values()) != {plan.base.name}:
        raise ConfigError("--match parameters needs variants that are compared with the base")
    widths: dict[int, str] = {}
    effects, remarks = [], []
    for arm in plan.arms[1:]:
        wanted = parameters(arm.config.model)
        channels, found = _nearest_width(plan.base.config.mdrn, wanted)
        nearness = f"{found:,} parameters against {wanted:,} ({percent_change(found / wanted - 1)})"
        if abs(found / wanted - 1) > MOST_OFF:
            nearness += ", which is not equal: their difference is also one of size"
        if channels == plan.base.config.mdrn.channels:
            remarks.append(
                f"{arm.name}: no width of {plan.base.name} is nearer than its own: {nearness}"
            )
            continue
        name = widths.setdefault(channels, f"{plan.base.name} {channels}ch")
        effects.append(
            Effect(
                f"{arm.name} at equal size",
                {arm.name: 1.0, name: -1.0},
                f"What does {arm.name} bring against a base of its size?",
            )
        )
        remarks.append(f"{arm.name}: matched by {name}: {nearness}")
    arms = [
        Arm(name, "", apply_overrides(plan.base.config, {WIDTH: channels}))
        for channels, name in widths.items()
    ]
    effects = [*plan.effects, *effects]
    return replace(plan, arms=(*plan.arms, *arms), effects=tuple(effects)), tuple(remarks)


@cache
def parameters(config: Network) -> int:
    """Return the number of parameters of a network, which is built without memory."""
    import torch

    from workbench.models.factory import build_model

    # The constructor of a module of the user's own may compute something.
    with torch.device("cpu" if isinstance(config, ModuleConfig) else "meta"):
        return sum(value.numel() for value in build_model(config).parameters())


def _nearest_width(base: ModelConfig, wanted: int) -> tuple[int, int]:
    """Return channels and parameters of the base whose parameters are nearest."""
    found = [(base.channels, parameters(base))]
    for channels, count in _widths(base, wanted < found[0][1]):
        found.append((channels, count))
        if (count < wanted) == (wanted < found[0][1]):
            break
    return min(found, key=lambda pair: abs(pair[1] - wanted))


def _widths(base: ModelConfig, narrower: bool) -> Iterator[tuple[int, int]]:
    """Yield narrower or wider bases, those left out that cannot be built."""
    step = -1 if narrower else 1
    for channels in range(
        base.channels + step, 0 if narrower else MOST_TIMES * base.channels, step
    ):
        try:
            yield channels, parameters(apply_overrides(base, {"channels": channels}))
        except ConfigError:
            continue
