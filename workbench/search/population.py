"""Offspring in population based training (Jaderberg et al. 2017).

A batch is the population. At each rung the stopped candidates make room for offspring, each of
which forks the checkpoint of one of the best and trains on with one or more settings changed.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.execution.plan import run_identity
from workbench.search.candidates import Rejected, candidate_of
from workbench.search.proposals import Proposal
from workbench.search.samplers.suggesting import as_observation
from workbench.search.schedules import FIRST, STAGES, fork_schedule, perturbable
from workbench.search.state import SearchState
from workbench.spaces.dimensions import Choice, Dimension, Floats, Integers, suggest_value
from workbench.spaces.enumeration import RandomSampler

NAME = "pbt"
"""Of the sampler whose searches are populations."""
FEWEST = 2
"""Members of a population, so that one can fork another."""
FACTORS = (0.8, 1.2)
"""A number is multiplied by one of them; the paper's choice, and Ray Tune's."""
RESAMPLE = 0.25
"""Probability that a setting is drawn from all of its values instead; likewise."""
TRIES = 20
"""Draws of one offspring before its place stays empty."""


@dataclass(frozen=True)
class Population:
    """Makes offspring.

    Args:
        state: The search.
        seen: The number of the proposal of each run, by the run's identity.
    """

    state: SearchState
    seen: Mapping[str, int]

    def offspring(
        self, batch: int, step: int, parents: Sequence[Proposal], count: int
    ) -> tuple[Proposal, ...]:
        """Return new candidates; they follow from the search's seed and its record.

        Args:
            batch: Batch of the parents.
            step: Training step at which they fork.
            parents: Candidates whose checkpoints may be forked; one is drawn for each offspring.
            count: Offspring wanted; there are fewer if no new run is found.
        """
        first = 1 + max(p.number for p in self.state.record.proposals)
        taken = set(self.seen)
        found: list[Proposal] = []
        for _ in range(count if parents else 0):
            proposal = self._one(first + len(found), batch, step, parents, taken)
            if proposal is not None:
                found.append(proposal)
        return tuple(found)

    def _one(
        self, number: int, batch: int, step: int, parents: Sequence[Proposal], taken: set[str]
    ) -> Proposal | None:
        """Return one offspring, None if no draw is a run of its own within the limits.

        Args:
            number: Of the proposal.
            batch: Likewise.
            step: Likewise.
            parents: One of them is drawn.
            taken: Identities of runs that exist; that of the offspring is added.
        """
        draw = random.Random(f"{self.state.record.settings.seed} {number}")
        settings = self.state.record.settings
        for _ in range(TRIES):
            proposal = self._drawn(number, batch, step, draw.choice(parents), draw)
            built = candidate_of(settings, proposal.overrides)
            if isinstance(built, Rejected) or run_identity(built.config) in taken:
                continue
            taken.add(run_identity(built.config))
            return built.as_trial(proposal)
        return None

    def _drawn(
        self, number: int, batch: int, step: int, parent: Proposal, draw: random.Random
    ) -> Proposal:
        settings = self.state.record.settings
        dimensions = settings.space.dimensions
        values = {k: parent.choices[k] for k in perturbable(dimensions)}
        changed = {k: perturb(values[k], dimensions[k], draw) for k in values}
        stages = fork_schedule(
            settings.base.training, self.state.config(parent).training, step, changed
        )
        kept = {
            key: value
            for key, value in parent.overrides.items()
            if key != STAGES and not key.startswith(FIRST)
        }
        known = as_observation(settings.space, {**parent.params, **_as_params(changed, dimensions)})
        return Proposal.check(
            {
                "number": number,
                "overrides": {**kept, STAGES: [stage.plain() for stage in stages]},
                "params": known.params,
                "distributions": known.distributions,
                "batch": batch,
                "parent": parent.number,
                "parent_steps": step,
            }
        )


def perturb(value: Any, dimension: Dimension, draw: random.Random) -> Any:
    """Return a setting near to another one, or with probability `RESAMPLE` any other.

    A number is multiplied by one of `FACTORS` and clipped to its range; a listed value becomes one
    of its neighbours.

    Args:
        value: The setting of the parent.
        dimension: What it may be.
        draw: The source of chance.
    """
    if draw.random() < RESAMPLE:
        return suggest_value("", dimension, RandomSampler(draw), ())
    match dimension:
        case Floats(low=low, high=high, step=step):
            moved = min(max(value * draw.choice(FACTORS), low), high)
            if step is None:
                return moved
            places = range(int((high - low) / step + 1e-9) + 1)
            return low + step * _neighbour(places, round((value - low) / step), draw)
        case Integers():
            return _neighbour(dimension.samples(), value, draw)
        case Choice(values=values):
            return _neighbour(values, value, draw)
    raise AssertionError("fields of a stage are numbers and choices")


def _neighbour(values: Sequence[Any], value: Any, draw: random.Random) -> Any:
    place = values.index(value) + draw.choice((-1, 1))
    return values[min(max(place, 0), len(values) - 1)]


def _as_params(values: Mapping[str, Any], dimensions: Mapping[str, Dimension]) -> dict[str, Any]:
    """Return values as a sampler keeps them: those of a choice by their JSON."""
    return {
        key: json.dumps(value, sort_keys=True) if isinstance(dimensions[key], Choice) else value
        for key, value in values.items()
    }
