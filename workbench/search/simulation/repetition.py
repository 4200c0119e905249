"""One simulated search, by the loop that real searches run."""

import random
from dataclasses import dataclass

from workbench.search.candidates import known_costs
from workbench.search.loop import run_unrecorded
from workbench.search.proposals import Proposal
from workbench.search.record import BatchProposed, SearchRecord, Settings
from workbench.search.samplers.choosing import make_sampler
from workbench.search.simulation.clock import SimulatedTrainings
from workbench.search.simulation.networks import SearchedTable, TableNetwork
from workbench.search.simulation.sampler import TableSampler


@dataclass(frozen=True)
class SimulatedSettings:
    """What the simulated searches of a comparison have in common."""

    trials: int
    """Networks that a search trains, the baseline among them."""
    batch: int = 4
    """Networks that are proposed together, or that are under way when asynchronous."""
    asynchronous: bool = False
    """ASHA: a decision for each candidate when it reaches a rung."""
    audit_share: float = 0.0
    """Fraction of the candidates that no rung stops, in 0..1."""
    seed: int = 0
    """Of all draws; the same seed, the same numbers."""


@dataclass(frozen=True)
class Pick:
    """The network that a search would pick, from a number of steps on."""

    steps: int
    """Of all trainings of the search when it became the best seen."""
    network: TableNetwork


@dataclass(frozen=True)
class Repetition:
    """One simulated search."""

    number: int
    """Equal numbers have the same seeds, whatever the sampler."""
    trial_seed: int
    """Whose scores the search saw."""
    picks: tuple[Pick, ...]
    """By increasing steps."""
    steps: int
    """Training steps in all."""
    started: int
    """Networks that began to train."""
    finished: int
    """Networks that trained to their end."""

    def pick_at(self, steps: float) -> TableNetwork | None:
        """Return what the search would pick after so many steps; None if nothing has finished."""
        found = [pick for pick in self.picks if pick.steps <= steps]
        return found[-1].network if found else None


def simulate_once(
    searched: SearchedTable, sampler: str, settings: SimulatedSettings, number: int
) -> Repetition:
    """Run one search in simulated time.

    Args:
        searched: The table.
        sampler: Name of a sampler of searches, other than `pbt`.
        settings: Of all searches of the comparison.
        number: Of the repetition; with the seed it decides every draw.
    """
    draw = random.Random(f"simulation {settings.seed} {number}")
    trial_seed, sampler_seed = draw.choice(searched.seeds), draw.randrange(2**32)
    made = Settings(
        space_name=searched.space_name,
        space=searched.space,
        base=searched.base,
        objectives=(searched.objective.name,),
        sampler=sampler,
        seed=sampler_seed,
        trial_seeds=(trial_seed,),
        batch=settings.batch,
        selection="validation",
        asynchronous=settings.asynchronous,
        audit_share=settings.audit_share,
    )
    events = () if searched.baseline else (_WITHOUT_BASELINE,)
    record = SearchRecord(name="simulation", settings=made, events=events)
    objectives = (searched.objective,)
    proposes = TableSampler(make_sampler(made, objectives), searched, sampler_seed)
    trainings = SimulatedTrainings(searched, trial_seed)
    with known_costs(searched.costs):
        state = run_unrecorded(proposes, record, settings.trials, objectives, trainings)
    picks = _picks(searched, trainings, trial_seed)
    started = len(state.trained)
    return Repetition(number, trial_seed, picks, trainings.steps, started, len(trainings.finished))


_WITHOUT_BASELINE = BatchProposed(
    proposals=(
        Proposal(
            number=0,
            overrides={},
            params={},
            distributions={},
            batch=0,
            rejected="the table does not have the baseline",
        ),
    )
)
"""How the record of a search begins whose baseline cannot be trained."""


def _picks(
    searched: SearchedTable, trainings: SimulatedTrainings, trial_seed: int
) -> tuple[Pick, ...]:
    """Return the best network seen so far, each time that it changes; within the limits only."""
    found: list[Pick] = []
    for ended in trainings.finished:
        if not ended.network.is_within(searched.space.limits):
            continue
        seen = ended.network.scores[trial_seed]
        if not found or seen > found[-1].network.scores[trial_seed]:
            found.append(Pick(ended.steps, ended.network))
    return tuple(found)
