"""A training whose settings change on the way, as a recipe of several stages.

Population based training changes how a network is trained at the rungs. What comes out is a
schedule, and a recipe can say it: each stage begins with the last one's weights and a fresh
optimizer, as in the published recipe. So the result is a config like any other. It can be run
from its first step, also under other seeds, and gives the same weights.
"""

from collections.abc import Mapping
from typing import Any

from workbench.config.training import StageConfig, TrainingConfig
from workbench.spaces.dimensions import Dimension

STAGES = "training.stages"
FIRST = f"{STAGES}.0."
RATE = "learning_rate"
FIELDS = (RATE, "batch_size", "hr_patch_px", "loss")
"""Of a stage, what can change on the way."""


def perturbable(dimensions: Mapping[str, Dimension]) -> tuple[str, ...]:
    """Return the keys of a space that can change on the way, in their order.

    They are fields of the stage that neither depend on another dimension nor decide about one.
    """
    deciding = {key for one in dimensions.values() for key in one.when}
    return tuple(
        key
        for key, one in dimensions.items()
        if key in {FIRST + field for field in FIELDS} and not one.when and key not in deciding
    )


def fork_schedule(
    base: TrainingConfig, so_far: TrainingConfig, step: int, values: Mapping[str, Any]
) -> tuple[StageConfig, ...]:
    """Return the stages of a training that forks another one at a step.

    Until the step, it is that training bit for bit. The rate is still halved where the base's
    milestones are: a learning rate of the space is the one before the first of them.

    Args:
        base: The recipe of the search, of one stage.
        so_far: The training that is forked; both have as many steps.
        step: A step within the last stage of `so_far`.
        values: Settings from that step on, by key of the space.
    """
    *before, last = so_far.stages
    done = step - sum(stage.steps for stage in before)
    new = {key.removeprefix(FIRST): value for key, value in values.items()}
    if RATE in new:
        passed = sum(milestone <= step for milestone in base.stages[0].milestones)
        new[RATE] *= 0.5**passed
    else:
        new[RATE] = last.learning_rate * 0.5 ** sum(m <= done for m in last.milestones)
    kept = {"steps": done, "milestones": tuple(m for m in last.milestones if m < done)}
    rest = {
        "steps": last.steps - done,
        "milestones": tuple(m - done for m in last.milestones if m > done),
    }
    return (*before, last.model_copy(update=kept), last.model_copy(update=rest | new))
