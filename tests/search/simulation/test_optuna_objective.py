"""A table as an objective of Optuna: other people's samplers and pruners on it."""

from typing import Any

import optuna
import pytest

from tests.builders.simulated import CHOICES, PLANE, PSNR, searched, space, table
from workbench.errors import ConfigError
from workbench.search.simulation.networks import searched_table
from workbench.search.simulation.optuna_objective import TableObjective
from workbench.spaces.space import Limits


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def study(objective: TableObjective, **settings: Any) -> optuna.Study:
    """Return a study without a pruner, unless it is among the settings."""
    given = {"pruner": optuna.pruners.NopPruner()} | settings
    return optuna.create_study(direction=objective.direction, **given)


def test_a_sampler_of_optuna_finds_the_best_network() -> None:
    objective = TableObjective(searched(table(CHOICES)))
    made = study(objective, sampler=optuna.samplers.TPESampler(seed=1))
    made.optimize(objective, n_trials=60)
    best = made.best_trial
    assert best.user_attrs["network"] == objective.best_network == "v19"
    assert best.user_attrs["quality"] == objective.best_quality
    assert best.user_attrs["network_params"] == {"model.channels": "23"}
    assert objective.regret_of(best) == 0
    # Networks that came again cost nothing: at most twenty were trained.
    trained = {trial.user_attrs["network"] for trial in made.trials}
    assert objective.steps == len(trained) * 120
    assert sum(trial.user_attrs["steps"] for trial in made.trials) == objective.steps


def test_a_pruner_stops_trials_and_these_cost_what_they_trained() -> None:
    objective = TableObjective(searched(table(CHOICES)))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3)
    made = study(objective, sampler=optuna.samplers.TPESampler(seed=1), pruner=pruner)
    made.optimize(objective, n_trials=30)
    states = {state: made.get_trials(states=[state]) for state in optuna.trial.TrialState}
    pruned = states[optuna.trial.TrialState.PRUNED]
    assert pruned
    assert {step for trial in pruned for step in trial.intermediate_values} <= {40, 80}
    assert {trial.user_attrs["steps"] for trial in pruned} <= {0, 40, 80}
    assert objective.steps < 120 * len({t.user_attrs["network"] for t in made.trials})
    complete = states[optuna.trial.TrialState.COMPLETE]
    assert all(list(trial.intermediate_values) == [40, 80] for trial in complete)


def test_the_score_is_that_of_one_seed_and_the_quality_that_of_all() -> None:
    made = searched(table(CHOICES, seed_db=lambda _, seed: 1.0 * (seed == 2), seeds=(1, 2, 3)))
    drawn = {}
    for seed in range(12):
        objective = TableObjective(made, seed)
        fixed = study(objective)
        fixed.enqueue_trial({"model.channels": "8"})
        fixed.optimize(objective, n_trials=1)
        one = fixed.trials[0]
        network = next(n for n in made.networks if n.name == one.user_attrs["network"])
        assert one.value == network.scores[one.user_attrs["trial_seed"]]
        assert one.user_attrs["quality"] == network.quality
        drawn[objective.trial_seed] = one.value
    assert set(drawn) == {1, 2, 3}
    assert len(set(drawn.values())) == 3


def test_a_proposal_that_the_table_does_not_have_is_the_nearest_network() -> None:
    few = [{"model.channels": c, "model.blocks": 2, "model.activation": "gelu"} for c in (6, 14)]
    objective = TableObjective(searched(table(PLANE, networks=few)))
    made = study(objective)
    made.enqueue_trial({"model.channels": 16, "model.blocks": 1, "model.activation": '"relu"'})
    made.optimize(objective, n_trials=1)
    assert made.trials[0].params["model.channels"] == 16
    assert made.trials[0].user_attrs["network_params"]["model.channels"] == 14


def test_networks_above_a_limit_are_never_trained() -> None:
    limited = CHOICES.model_copy(update={"limits": Limits(parameters=9_999)})
    objective = TableObjective(searched_table(table(CHOICES), limited, "small", PSNR))
    made = study(objective, sampler=optuna.samplers.RandomSampler(seed=0))
    made.optimize(objective, n_trials=30)
    above = [t for t in made.trials if t.state == optuna.trial.TrialState.PRUNED]
    assert above
    assert all(trial.user_attrs["steps"] == 0 for trial in above)
    assert made.best_trial.user_attrs["network"] in {f"v{n:02}" for n in range(6)}
    assert objective.best_network == "v05"


def test_a_combination_that_no_network_can_have_is_pruned() -> None:
    levels = space(
        {
            "model.spatial_attention.levels": {"kind": "subset", "of": [3, 5, 7], "at_least": 2},
            "model.spatial_attention.lvar": {"kind": "choice", "values": [[]]},
        }
    )
    networks = list(levels.combinations())
    made = table(levels, lambda _: 0.0, networks=networks)
    objective = TableObjective(searched(made))
    found = study(objective)
    name = "model.spatial_attention.levels"
    found.enqueue_trial(dict.fromkeys([f"{name}[{n}]" for n in (3, 5, 7)], "false"))
    found.optimize(objective, n_trials=1)
    assert found.trials[0].state == optuna.trial.TrialState.PRUNED
    assert objective.steps == 0
    with pytest.raises(ConfigError, match="trial 0 has no `quality` among its user attributes"):
        objective.regret_of(found.trials[0])


def test_several_threads_count_all_steps() -> None:
    objective = TableObjective(searched(table(CHOICES)))
    made = study(objective, sampler=optuna.samplers.RandomSampler(seed=0))
    made.optimize(objective, n_trials=40, n_jobs=4)
    assert sum(trial.user_attrs["steps"] for trial in made.trials) == objective.steps
