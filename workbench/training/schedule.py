"""What happens at which step: stages, learning rate, averaging. Pure functions of the step."""

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.config.training import StageConfig, TrainingConfig


@dataclass(frozen=True)
class Step:
    """One training step."""

    stage: int
    """Index of the stage."""
    local: int
    """Steps of this stage done before this one."""
    config: StageConfig


def steps_from(config: TrainingConfig, done: int) -> Iterator[Step]:
    """Yield the steps that are left after `done` steps."""
    start = 0
    for index, stage in enumerate(config.stages):
        for local in range(max(0, done - start), stage.steps):
            yield Step(index, local, stage)
        start += stage.steps


def learning_rate(stage: StageConfig, local: int) -> float:
    """Return the rate of the step after `local` steps of the stage.

    It is halved after each milestone: the step milestone + 1 is the first with the new rate, as
    in the published code.
    """
    passed = sum(local >= milestone for milestone in stage.milestones)
    return float(stage.learning_rate * 0.5**passed)


def ema_decay(config: TrainingConfig, step: int) -> float:
    """Return the decay of the average at `step` (from 1)."""
    if not config.ema_warm_up:
        return config.ema_decay
    return min(config.ema_decay, (1 + step) / (10 + step))


def steps_to_report(config: TrainingConfig, step: int, most: int) -> int:
    """Return how many steps may run at once after `step` steps, at least 1.

    They end at the next validation, checkpoint or end of a stage, if that is within `most` steps.
    """
    ends = [every - step % every for every in (config.validate_every, config.checkpoint_every)]
    stage_end = 0
    for stage in config.stages:
        stage_end += stage.steps
        if stage_end > step:
            ends.append(stage_end - step)
            break
    return max(1, min(*ends, most))
