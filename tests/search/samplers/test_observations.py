"""What a sampler observes of candidates that did not train to their end."""

import pytest

from workbench.search.samplers.observations import Entry, Observing, Standing, as_trials


def entry(standing: Standing, *, end: float | None = None, rung: float | None = None) -> Entry:
    values: tuple[float, ...] = () if end is None else (end, 7.0)
    at_rungs: dict[int, tuple[float, ...]] = {} if rung is None else {40: (rung, 7.0)}
    return Entry({}, {}, standing, values=values, at_rungs=at_rungs)


def test_what_was_stopped_counts_by_what_it_would_have_reached_at_its_end() -> None:
    """Scores at rungs come from other images, here 3 to 5 dB above those at the end."""
    entries = [
        entry(Standing.FINISHED, end=30.0, rung=33.0),
        entry(Standing.AT_RUNG, rung=32.0),
        entry(Standing.FINISHED, end=29.0, rung=34.0),
        entry(Standing.FINISHED, end=28.0, rung=32.0),
        entry(Standing.FINISHED, end=35.0),
    ]
    trials = as_trials(entries, [], Observing(complete_only=True), "")
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 5
    assert [trial.values for trial in trials][1] == [32.0 - 4.0, 7.0]
    pruned = as_trials(entries, [], Observing(complete_only=False), "")[1]
    assert (pruned.state.name, pruned.intermediate_values) == ("PRUNED", {40: 32.0})


def test_without_a_finished_one_a_rung_counts_as_it_is() -> None:
    (trial,) = as_trials([entry(Standing.AT_RUNG, rung=32.0)], [], Observing(True), "")
    assert trial.values == [32.0, 7.0]


@pytest.mark.parametrize("impute", [True, False])
def test_a_rejected_one_has_every_limit_and_no_bad_score(impute: bool) -> None:
    rejected = entry(Standing.REJECTED)
    rejected.excess = {"parameters": 0.5}
    entries = [entry(Standing.FINISHED, end=v) for v in (30.0, 32.0)] + [rejected]
    trials = as_trials(entries, ["parameters", "activations_m"], Observing(True, impute), "")
    assert [trial.constraints for trial in trials] == [
        *[{"parameters": 0.0, "activations_m": 0.0}] * 2,
        {"parameters": 0.5, "activations_m": 0.0},
    ]
    assert trials[2].state.name == ("COMPLETE" if impute else "PRUNED")
    assert trials[2].values == ([31.0, 7.0] if impute else None)


def test_generations_are_kept_where_the_sampler_has_them() -> None:
    entries = [entry(Standing.FINISHED, end=1.0), entry(Standing.RUNNING)]
    entries[1].generation = 2
    trials = as_trials(entries, [], Observing(True), "NSGAIISampler:generation")
    assert [t.system_attrs["NSGAIISampler:generation"] for t in trials] == [0, 2]
    assert [t.state.name for t in trials] == ["COMPLETE", "RUNNING"]
