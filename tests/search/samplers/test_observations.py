"""What a sampler observes of candidates that did not train to their end."""

from workbench.search.samplers.observations import Entry, Standing, as_trials


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
    trials = as_trials(entries, [], complete_only=True)
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 5
    assert [trial.values for trial in trials][1] == [32.0 - 4.0, 7.0]
    pruned = as_trials(entries, [], complete_only=False)[1]
    assert (pruned.state.name, pruned.intermediate_values) == ("PRUNED", {40: 32.0})


def test_without_a_finished_one_a_rung_counts_as_it_is() -> None:
    (trial,) = as_trials([entry(Standing.AT_RUNG, rung=32.0)], [], complete_only=True)
    assert trial.values == [32.0, 7.0]


def test_a_rejected_one_has_every_limit_and_no_score() -> None:
    finished, rejected = entry(Standing.FINISHED, end=30.0), entry(Standing.REJECTED)
    finished.constraint_values = {"parameters": -0.25, "activations_m": 0.0}
    rejected.constraint_values = {"parameters": 0.5}
    assert (finished.feasible, rejected.feasible) == (True, False)
    trials = as_trials([finished, rejected], ["parameters", "activations_m"], complete_only=True)
    assert [trial.constraints for trial in trials] == [
        {"parameters": -0.25, "activations_m": 0.0},
        {"parameters": 0.5, "activations_m": 0.0},
    ]
    assert (trials[1].state.name, trials[1].values) == ("PRUNED", None)


def test_generations_are_kept_where_the_sampler_has_them() -> None:
    entries = [entry(Standing.FINISHED, end=1.0), entry(Standing.RUNNING)]
    entries[1].generation = 2
    trials = as_trials(entries, [], "NSGAIISampler:generation", complete_only=True)
    assert [t.system_attrs["NSGAIISampler:generation"] for t in trials] == [0, 2]
    assert [t.state.name for t in trials] == ["COMPLETE", "RUNNING"]
