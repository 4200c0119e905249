"""Trainings that have their first steps in common. No torch.

Two trainings of the same network, on the same images, under the same seed do the same until the
first step that one of their stages does otherwise: the crops are a function of seed, stage and
step, and nothing else is random. Their state there is the same bit for bit, so the checkpoint of
the one serves the other: a longer training goes on from a shorter one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Stage = Mapping[str, Any]
"""A stage of a recipe as it counts for a key, as plain data."""
_LENGTH = ("steps", "milestones")


@dataclass(frozen=True)
class Course:
    """The stages of a training, and a hash of all else that its weights depend on."""

    hash: str
    stages: Sequence[Stage]
    validate_every: int
    """Steps between two points of its curve, which is a part of the state."""

    @property
    def steps(self) -> int:
        """Of all stages together."""
        return sum(stage["steps"] for stage in self.stages)

    def goes_on_from(self, stages: Sequence[Stage], done: int) -> bool:
        """Tell whether this training can go on from another one of the same hash.

        Args:
            stages: Of the other one.
            done: The step that the other one has come to.
        """
        # At its end a training is validated, which another one may not be at that step.
        ended = done == sum(stage["steps"] for stage in stages)
        in_step = done % self.validate_every == 0 or not ended
        return 0 < done <= min(shared_steps(self.stages, stages), self.steps) and in_step


def shared_steps(one: Sequence[Stage], other: Sequence[Stage]) -> int:
    """Return how many steps two trainings have in common if they differ in their stages only."""
    done = 0
    for first, second in zip(one, other, strict=False):
        if _apart_from_length(first) != _apart_from_length(second):
            break
        # A milestone acts on the step after so many.
        parts = set(first["milestones"]) ^ set(second["milestones"])
        shared = min(first["steps"], second["steps"], *parts)
        done += shared
        if not shared == first["steps"] == second["steps"]:
            break
    return done


def _apart_from_length(stage: Stage) -> dict[str, Any]:
    return {name: value for name, value in stage.items() if name not in _LENGTH}
