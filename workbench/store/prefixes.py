"""Shared training prefixes: trainings that have their first steps in common. No torch.

Two trainings of one network, on the same images and with the same seed, are equal up to the first
step at which their stages differ: the crops are a function of seed, stage and step, and nothing
else is random. Their states at that step are the same bit for bit, so a longer training can resume
from the checkpoint of a shorter one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Stage = Mapping[str, Any]
"""A stage of a recipe as it counts for a key, as plain data."""
_LENGTH = ("steps", "milestones")


@dataclass(frozen=True)
class PrefixKey:
    """By which the number of first steps that two trainings share is found."""

    hash: str
    """Of everything that the weights depend on except the stages."""
    stages: Sequence[Stage]
    validate_every: int
    """Steps between two points of its curve, which is a part of the state."""

    @property
    def steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage["steps"] for stage in self.stages)

    def can_resume_from(self, stages: Sequence[Stage], done: int) -> bool:
        """Return whether this training can resume from a checkpoint of another one.

        Args:
            stages: The stages of the other training, whose `hash` is the same.
            done: The step of its checkpoint.
        """
        # A training is validated at its end, where the other one may not be.
        ended = done == sum(stage["steps"] for stage in stages)
        in_step = done % self.validate_every == 0 or not ended
        return 0 < done <= min(shared_steps(self.stages, stages), self.steps) and in_step


def shared_steps(one: Sequence[Stage], other: Sequence[Stage]) -> int:
    """Return how many steps two trainings have in common if they differ in their stages only."""
    done = 0
    for first, second in zip(one, other, strict=False):
        if _apart_from_length(first) != _apart_from_length(second):
            break
        # A milestone N changes the rate of step N + 1.
        parts = set(first["milestones"]) ^ set(second["milestones"])
        shared = min(first["steps"], second["steps"], *parts)
        done += shared
        if not shared == first["steps"] == second["steps"]:
            break
    return done


def _apart_from_length(stage: Stage) -> dict[str, Any]:
    return {name: value for name, value in stage.items() if name not in _LENGTH}
