"""A sampler on a table: it is told of the network that was trained in place of its proposal."""

from collections.abc import Sequence

import pytest

from tests.builders.simulated import CHOICES, PLANE, PSNR, params, searched, table
from workbench.config.overrides import apply_overrides
from workbench.search.candidates import build_candidate, known_costs
from workbench.search.proposals import Proposal
from workbench.search.record import Settings
from workbench.search.samplers.choosing import make_sampler
from workbench.search.samplers.optuna_sampler import OptunaSampler
from workbench.search.samplers.sampler import Sampler
from workbench.search.simulation.networks import SearchedTable
from workbench.search.simulation.sampler import TableSampler
from workbench.store.keys import model_hash

NAMES = ("tpe", "nsga2", "nsga3", "gp", "random", "grid")


class Told(Sampler):
    """Always proposes the same, and notes what it is told."""

    def __init__(self) -> None:
        self.proposed: list[Proposal] = []
        self.observed: list[tuple[Proposal, Sequence[float] | None]] = []
        self.counted: list[Proposal] = []

    def propose(self, number: int, batch: int, *, at_random: bool = False) -> Proposal:  # noqa: ARG002
        values, distributions = params(PLANE, channels=6, blocks=2, activation='"relu"')
        overrides = {"model.channels": 6, "model.blocks": 2, "model.activation": "relu"}
        return Proposal(
            number=number,
            overrides=overrides,
            params=dict(values),
            distributions=dict(distributions),
            batch=batch,
        )

    def add_proposed(self, proposal: Proposal, *, at_random: bool) -> None:  # noqa: ARG002
        self.proposed.append(proposal)

    def add_counted(self, proposal: Proposal) -> None:
        self.counted.append(proposal)

    def add_observation(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        self.observed.append((proposal, values))


FEW = [{"model.channels": c, "model.blocks": 2, "model.activation": "relu"} for c in (6, 12, 16)]


def test_the_nearest_network_takes_the_place_of_the_proposal() -> None:
    told = Told()
    sampler = TableSampler(told, searched(table(PLANE, networks=FEW)), seed=0)
    found = [sampler.propose(number, 0) for number in (1, 2, 3, 4)]
    assert [p and p.params["model.channels"] for p in found] == [6, 12, 16, None]
    assert found[1] is not None
    assert found[1].overrides["model.channels"] == 12
    # The first one is what it proposed itself.
    assert told.proposed == found[1:3]
    sampler.add_observation(found[1], (30.0,))
    assert told.observed == [(found[1], (30.0,))]
    sampler.add_counted(found[1])
    assert told.counted == [found[1]]


def settings(name: str, found: SearchedTable) -> Settings:
    return Settings(
        space_name="small",
        space=found.space,
        base=found.base,
        objectives=("psnr_rgb_db",),
        sampler=name,
        seed=3,
        trial_seeds=(1,),
        batch=1,
        selection="validation",
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_sampler_proposes_each_network_of_the_table_once(name: str) -> None:
    networks = list(PLANE.combinations())[::6]
    found = searched(table(PLANE, networks=networks))
    sampler = TableSampler(make_sampler(settings(name, found), [PSNR]), found, seed=3)
    proposed = []
    number = 1
    while (proposal := sampler.propose(number, number)) is not None:
        proposed.append(model_hash(apply_overrides(found.base, proposal.overrides).model))
        sampler.add_observation(proposal, (30.0 - number,))
        number += 1
    left = {one.network for one in found.networks if one is not found.baseline}
    assert sorted(proposed) == sorted(left)


def test_a_sampler_of_optuna_keeps_one_trial_a_proposal() -> None:
    found = searched(table(PLANE, networks=FEW))
    inner = OptunaSampler("random", 0, PLANE, [PSNR])
    sampler = TableSampler(inner, found, seed=0)
    first = sampler.propose(1, 0)
    assert first is not None
    sampler.add_observation(first, (30.0,))
    sampler.propose(2, 0)
    assert [entry.params for entry in inner._entries][:1] == [first.params]
    assert len(inner._entries) == 2


def test_costs_of_the_table_are_those_of_the_candidates() -> None:
    found = searched(table(CHOICES))
    one = found.networks[7]
    with known_costs(found.costs):
        built = build_candidate(found.base, one.overrides, CHOICES.limits)
    assert vars(built)["cost"].parameters == one.cost.parameters == 11_007
