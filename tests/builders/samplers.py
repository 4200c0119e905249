"""Builders of tests: samplers on made-up spaces, where nothing is built and nothing is counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.search.objectives import Objective
from workbench.search.proposals import PriorObservation, Proposal, candidate_name
from workbench.search.proposing import STUCK
from workbench.search.samplers.optuna_sampler import OptunaSampler
from workbench.search.samplers.sampler import Sampler
from workbench.spaces.space import SpaceFile

ONE = (Objective("psnr_rgb_db"),)
TWO = (Objective("psnr_rgb_db"), Objective("parameters"))
PLANE = SpaceFile.parse(
    {
        "question": "Why?",
        "dimensions": {
            "x": {"kind": "floats", "low": 0, "high": 1},
            "y": {"kind": "floats", "low": 0, "high": 1},
        },
        "limits": {"parameters": 1_000, "activations_m": 5},
    }
)

Values = tuple[float, ...]
Outcome = Callable[[Mapping[str, Any]], "Values | None"]
"""From overrides to values of the objectives; None if they are above a limit."""
Distance = Callable[[Mapping[str, Any]], float]
"""From overrides to how far they are from a limit, as a share of it: above 0 is beyond it."""


def peak(overrides: Mapping[str, Any]) -> Values | None:
    """Return a score with its peak at x = 0.7, y = 0.3."""
    return (-((overrides["x"] - 0.7) ** 2) - (overrides["y"] - 0.3) ** 2,)


def peak_and_cost(overrides: Mapping[str, Any]) -> Values | None:
    """Return the score of `peak`, and a cost that grows with both."""
    return (*(peak(overrides) or ()), overrides["x"] + overrides["y"])


@dataclass
class History:
    """What a sampler has proposed, and what came of it, in order."""

    proposals: list[Proposal] = field(default_factory=list)
    values: list[Values | None] = field(default_factory=list)
    """None of what was rejected."""

    @property
    def kept(self) -> list[tuple[Proposal, Values]]:
        """Those that are within the limits."""
        pairs = zip(self.proposals, self.values, strict=True)
        return [(p, v) for p, v in pairs if v is not None]


def optuna(
    name: str, seed: int = 0, space: SpaceFile = PLANE, objectives: Sequence[Objective] = ONE
) -> OptunaSampler:
    return OptunaSampler(name, seed, space, objectives)


def propose(
    sampler: Sampler,
    outcome: Outcome,
    number: int,
    distance: Distance = lambda _: 0.5,
    *,
    at_random: bool = False,
) -> tuple[Proposal, Values | None]:
    """Return a proposal and its values; what is known of its costs is reported."""
    proposal = sampler.propose(number, number, at_random=at_random)
    assert proposal is not None
    values = outcome(proposal.overrides)
    above = distance(proposal.overrides)
    if values is None:
        update = {"rejected": "why", "excess": {"parameters": above}}
        proposal = proposal.model_copy(update=update)
        sampler.add_observation(proposal, None)
    elif above <= 0:
        proposal = proposal.model_copy(update={"slack": {"parameters": -above}})
        sampler.add_counted(proposal)
    return proposal, values


def play(
    sampler: Sampler,
    outcome: Outcome,
    trials: int,
    batch: int = 1,
    history: History | None = None,
    distance: Distance = lambda _: 0.5,
) -> History:
    """Propose and report until enough proposals are within the limits.

    Args:
        sampler: Proposes; after `STUCK` rejections in a row it draws at random, as in a search.
        outcome: What comes of a proposal.
        trials: Proposals within the limits.
        batch: Proposals whose values are reported together.
        history: What went before.
        distance: From the limit of what is rejected, and if it is not above 0 of the others.
    """
    found = history or History()
    rejected = 0
    while len(found.kept) < trials:
        open_: list[tuple[Proposal, Values]] = []
        while len(open_) < batch and len(found.kept) < trials:
            number = 1 + len(found.proposals)
            proposal, values = propose(
                sampler, outcome, number, distance, at_random=rejected >= STUCK
            )
            rejected = 0 if values is not None else rejected + 1
            found.proposals.append(proposal)
            found.values.append(values)
            if values is not None:
                open_.append((proposal, values))
        for proposal, values in open_:
            sampler.add_observation(proposal, values)
    return found


def prior(sampler_space: SpaceFile, values: Values, excess: float = 0.0, **params: Any) -> Any:
    """Return a combination that is known before the search."""
    from workbench.search.samplers.suggesting import as_observation

    known: PriorObservation = as_observation(sampler_space, params)
    above = {"parameters": excess} if excess else {}
    return known.model_copy(update={"values": values, "excess": above})


def replayed(sampler: Sampler, history: History) -> Sampler:
    """Report what another sampler has proposed to a new one, as a resumed search does."""
    for proposal, values in zip(history.proposals, history.values, strict=True):
        assert proposal.name == candidate_name(proposal.number)
        sampler.add_proposed(Proposal.check(proposal.plain()), at_random=False)
        sampler.add_observation(proposal, values)
    return sampler
