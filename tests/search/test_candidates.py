"""Candidates that cannot be built or are above a limit."""

from pathlib import Path

import pytest

from tests.builders.own_modules import GATE, write_modules
from tests.builders.searches import BASE
from workbench.search.candidates import (
    Candidate,
    Rejected,
    amounts,
    build_candidate,
    constraint_values_of,
    cost_of,
)
from workbench.search.proposals import Proposal
from workbench.spaces.space import Limits


def test_a_combination_that_cannot_be_built_is_rejected_with_the_reason() -> None:
    found = build_candidate(BASE, {"model.channels": -1}, Limits())
    assert isinstance(found, Rejected)
    assert "model.channels" in found.reason
    assert found.excess == {}
    for limits in (Limits(multiply_adds_g=0.01), Limits(activations_m=1.0), Limits(convolutions=3)):
        found = build_candidate(BASE, {}, limits)
        assert isinstance(found, Rejected)
        name = found.reason.split()[0]
        assert list(found.excess) == [name]
        most = limits.plain()[name]
        assert most * (1 + found.excess[name]) == pytest.approx(amounts(cost_of(BASE.model))[name])


def test_what_is_rejected_has_its_distance_from_every_limit() -> None:
    cost = cost_of(BASE.model)
    limits = Limits(
        parameters=cost.parameters * 2, convolutions=cost.convolutions, multiply_adds_g=1e-3
    )
    found = build_candidate(BASE, {}, limits)
    assert isinstance(found, Rejected)
    above = cost.multiply_adds / 1e6 - 1
    assert found.excess == pytest.approx({"multiply_adds_g": above})
    assert found.slack == {"parameters": 0.5, "convolutions": 0.0}
    empty = Proposal(number=1, overrides={}, params={}, distributions={}, batch=1)
    proposal = found.as_rejected(empty)
    assert Proposal.check(proposal.plain()) == proposal
    assert constraint_values_of(proposal, limits) == pytest.approx(
        {"multiply_adds_g": above, "parameters": -0.5, "convolutions": 0.0}
    )
    assert "slack" not in empty.plain()
    within = Candidate(BASE, cost).as_trial(empty)
    assert constraint_values_of(within, Limits(parameters=cost.parameters * 4)) == {
        "parameters": -0.75
    }


def test_arguments_that_code_of_the_users_own_refuses_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_modules(tmp_path))
    gate = {"model.channel_attention": GATE}
    assert isinstance(build_candidate(BASE, gate, Limits()), Candidate)
    wrong = {"model.channel_attention": GATE | {"arguments": {"hiden": 2}}}
    found = build_candidate(BASE, wrong, Limits())
    assert isinstance(found, Rejected)
    assert "my_attention:Gate cannot be built with {'hiden': 2}: TypeError: " in found.reason
