"""A recipe of another length: `--steps N`."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from workbench.config.training import StageConfig, TrainingConfig
from workbench.errors import ConfigError


def scaled(training: TrainingConfig, steps: int) -> TrainingConfig:
    """Return a recipe of `steps` steps in all, with everything that hangs on steps in proportion.

    - Stages keep their shares of the steps, rounded so that they add up to `steps`; each has at
      least one step.
    - Milestones keep their shares of their stage, rounded to the nearest step in
      1..(steps of the stage - 1). Milestones that fall on the same step become one, so a very short
      recipe halves its learning rate less often; a stage of one step has none.
    - `validate_every` keeps its share, at least 1, so a learning curve has as many points.
    - `checkpoint_every` stays: it is the number of steps that a kill can lose.
    - Learning rates, batch and patch sizes, losses and averages stay.

    Args:
        training: The recipe.
        steps: Of all stages together.

    Raises:
        ConfigError: If there is less than one step for each stage, or more than a config can hold.
    """
    old = training.total_steps()
    stages = len(training.stages)
    if steps < stages:
        need = "1" if stages == 1 else f"{stages}, one for each stage of the recipe"
        raise ConfigError(f"--steps must be at least {need}, got {steps}")
    if steps == old:
        return training
    shares = _shares([stage.steps for stage in training.stages], steps)
    plain = training.plain()
    plain["stages"] = [
        _scaled_stage(stage, share).plain()
        for stage, share in zip(training.stages, shares, strict=True)
    ]
    plain["validate_every"] = max(1, _rounded(training.validate_every * steps, old))
    return TrainingConfig.parse(plain, where="--steps")


def _scaled_stage(stage: StageConfig, steps: int) -> StageConfig:
    plain = stage.plain()
    places = (_rounded(m * steps, stage.steps) for m in stage.milestones)
    plain["milestones"] = sorted({min(max(1, m), steps - 1) for m in places} - {0})
    plain["steps"] = steps
    return StageConfig.parse(plain, where="--steps")


def _shares(parts: Sequence[int], total: int) -> list[int]:
    """Split `total` in the proportion of `parts`, each at least 1."""
    whole = sum(parts)
    ends = [0, *(_rounded(part * total, whole) for part in accumulate(parts))]
    shares = [end - start for start, end in pairwise(ends)]
    while 0 in shares:
        shares[shares.index(max(shares))] -= 1
        shares[shares.index(0)] = 1
    return shares


def _rounded(numerator: int, denominator: int) -> int:
    """Divide and round half up, exactly."""
    return (2 * numerator + denominator) // (2 * denominator)
