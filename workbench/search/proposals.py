"""What a search has proposed, and what it knew before, as its record keeps them."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from workbench.config.base import Frozen
from workbench.config.plausible import NotNegative, Seconds
from workbench.results import Cost


class PriorObservation(Frozen):
    """A combination that had its score before the search started."""

    params: dict[str, Any]
    """Values by name, as Optuna keeps them."""
    distributions: dict[str, str]
    """Their distributions by name, as Optuna's JSON."""
    values: tuple[float, ...] = ()
    """Of the objectives."""
    excess: dict[str, NotNegative] = Field(default_factory=dict)
    """By limit, how far above it is, as a share of the limit."""
    slack: dict[str, NotNegative] = Field(default_factory=dict, exclude_if=lambda slack: not slack)
    """By limit that it is within, how far below it is, as a share of the limit; none in searches of
    0.4.0."""


def constraint_values(excess: Mapping[str, float], slack: Mapping[str, float]) -> dict[str, float]:
    """Return signed distances to limits: `excess` above 0, `slack` below."""
    return {**excess, **{name: -below for name, below in slack.items()}}


def params_key(params: Mapping[str, Any]) -> str:
    """Return a text that equal parameters share."""
    return json.dumps(params, sort_keys=True)


def candidate_name(number: int) -> str:
    """Return how tables and MLflow call the proposal of a number."""
    return f"t{number:04}"


class Proposal(Frozen):
    """A combination that was proposed."""

    number: int
    """Counted from 0; the baseline is 0."""
    overrides: dict[str, Any]
    params: dict[str, Any]
    """Values by name, as Optuna keeps them."""
    distributions: dict[str, str]
    """Their distributions by name, as Optuna's JSON."""
    batch: int
    rejected: str = ""
    """Why it is not trained."""
    excess: dict[str, NotNegative] = Field(default_factory=dict)
    """By limit, how far above it is, as a share of the limit."""
    slack: dict[str, NotNegative] = Field(default_factory=dict, exclude_if=lambda slack: not slack)
    """By limit that a rejected one is within, how far below it is, as a share of the limit; that of
    a trial follows from its cost. None in searches of 0.4.0."""
    same_as: int | None = None
    """Number of the proposal that builds the same network."""
    cost: Cost | None = None
    """As it was counted; None if it is no trial of its own. So views build no network."""
    latency_ms: Seconds | None = None
    """As it was measured if there is a limit for it; a resumed search does not measure it again."""
    parent: int | None = None
    """Number of the candidate whose checkpoint it forks, in population based training."""
    parent_steps: int = 0
    """Training steps that it shares with its parent; it forks after them."""

    generation: int | None = Field(default=None, exclude_if=lambda none: none is None)
    """Of a genetic sampler, counted from 0; None for others, and in searches of 0.3.0."""
    parents: tuple[int, ...] = Field(default=(), exclude_if=lambda places: not places)
    """From which networks its generation descends, as the sampler counts all that it has observed;
    noted by the first proposal of a generation."""

    @property
    def name(self) -> str:
        """How tables and MLflow call it."""
        return candidate_name(self.number)

    @property
    def trained(self) -> bool:
        """Whether it is a trial of its own."""
        return not self.rejected and self.same_as is None

    @property
    def choices(self) -> dict[str, Any]:
        """What was chosen, by key of the space; of a schedule, with what it ends."""
        if self.parent is None:
            return self.overrides
        return {k: json.loads(v) if isinstance(v, str) else v for k, v in self.params.items()}
