"""Networks that a sampler does not find, and when a search has seen everything."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.builders.searches import Fake, run, settings
from workbench.config.model import ModelConfig
from workbench.results import Cost
from workbench.search import candidates, drawing, proposing
from workbench.search.record import EXHAUSTED, NONE_FOUND, BatchProposed, SearchRecord, Settings
from workbench.spaces.space import SpaceFile

COST = Cost(
    lr_height_px=256,
    lr_width_px=256,
    parameters=1,
    multiply_adds=1,
    challenge_flops=1,
    activations=1,
    convolutions=1,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count by a formula, and give up soon."""

    def cost_of(model: ModelConfig) -> Cost:
        return COST.model_copy(update={"parameters": 100 * model.channels})

    monkeypatch.setattr(candidates, "cost_of", cost_of)
    monkeypatch.setattr(proposing, "MOST_REJECTED", 8)
    monkeypatch.setattr(drawing, "MOST_DRAWN", 120)


def wanted(sampler: str, most: int, **rate: Any) -> Settings:
    dimensions: Mapping[str, Any] = {
        "model.channels": {"kind": "integers", "low": 4, "high": 40, "step": 1},
        **({"training.ema_decay": {"kind": "floats", "low": 0.9, "high": 0.99}} if rate else {}),
    }
    space = {
        "question": "Why?",
        "base": "tiny",
        "dimensions": dimensions,
        "limits": {"parameters": most},
    }
    return settings(space=SpaceFile.parse(space), sampler=sampler)


@pytest.mark.parametrize("sampler", ["grid", "tpe"])
def test_a_small_space_is_searched_to_its_end(sampler: str) -> None:
    """3 of 37 networks are within the limit: more than 8 in a row are not."""
    state = run(wanted(sampler, 600), 20, Fake())
    assert {state.config(p).mdrn.channels for p in state.trained[1:]} == {4, 5, 6}
    assert state.record.end == EXHAUSTED
    again = run(wanted(sampler, 600), 20, Fake(), state.record)
    assert again.record == state.record, "the same command looks no further"


def test_what_a_sampler_does_not_find_is_drawn_and_a_kill_changes_nothing() -> None:
    search = wanted("tpe", 400, rate=True)
    whole = run(search, 4, Fake())
    rejected = 0
    longest = 0
    for proposal in whole.record.proposals[1:]:
        rejected = 0 if proposal.trained else rejected + 1
        longest = max(longest, rejected)
    assert longest == 8, "one in 37 is within the limit"
    assert len(whole.trained) == 4
    assert all(p.params["model.channels"] == 4 for p in whole.trained[1:])
    part = run(search, 2, Fake()).record
    assert run(search, 4, Fake(), part).record.proposals[-1].batch == 2
    left = SearchRecord(name="s", settings=search).with_events(whole.record.events[:2])
    assert run(search, 4, Fake(), left).record == whole.record


def test_a_search_that_has_found_nothing_looks_on() -> None:
    search = wanted("tpe", 300, rate=True)  # none is within the limit
    state = run(search, 4, Fake())
    assert state.record.end == NONE_FOUND
    again = run(search, 4, Fake(), state.record)
    assert again.record.events[: len(state.record.events)] == state.record.events
    assert len(again.record.events) == len(state.record.events) + 1


def test_a_search_of_an_older_version_looks_on_and_in_the_new_order() -> None:
    search = wanted("grid", 2_500)
    first = run(search, 1, Fake()).record
    proposals = [
        run(search, 1, Fake())
        .record.proposals[0]
        .model_copy(
            update={
                "number": number,
                "overrides": {"model.channels": 41 - number},
                "batch": 1,
                "rejected": "parameters",
                "cost": None,
            }
        )
        for number in range(1, 9)
    ]
    ended = BatchProposed(proposals=tuple(proposals), exhausted=True)  # as 0.3.0 wrote it
    state = run(search, 12, Fake(), first.with_events([ended]))
    assert len(state.trained) == 12
    proposed = [p.overrides["model.channels"] for p in state.record.proposals[1:]]
    assert len(set(proposed)) == len(proposed)
    assert proposed[8:] != sorted(proposed[8:])
