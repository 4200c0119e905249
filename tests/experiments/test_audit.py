"""Audits as functions: values in, progress as events, values out."""

from pathlib import Path

import pytest

from tests.builders.comparisons import BASE, diverged
from workbench.errors import ConfigError, WorkbenchError
from workbench.experiments import audit as audits
from workbench.experiments.audit import (
    EFFECTS_DB,
    SimulationSpec,
    audit_network,
    plan_audit,
    simulate,
)
from workbench.experiments.run_context import RunContext
from workbench.experiments.running import Prepared, Trained
from workbench.experiments.trial_spec import TrialSpec
from workbench.results import TrialResult
from workbench.system.events import Progressed, WorkEnded, WorkStarted


def test_a_simulation_audits_every_effect_with_both_tails_and_counts_all_studies() -> None:
    events: list[object] = []
    found = simulate(SimulationSpec(seeds=3, images=5, repeats=4), events.append)
    assert [one.truth.effect for one in found] == [*EFFECTS_DB, *EFFECTS_DB]
    assert [one.truth.tails is None for one in found] == [True] * 3 + [False] * 3
    assert all(sum(rate.count for rate in one.rates.values()) == 4 for one in found)
    assert (events[0], events[-1]) == (WorkStarted("judging studies"), WorkEnded())
    assert events[1:-1] == [Progressed(4 * done, 24, "") for done in range(1, 7)]


def test_an_audit_has_twice_as_many_seeds_as_a_study() -> None:
    plan = plan_audit("tiny", 3, TrialSpec())
    assert plan.seeds == (1, 2, 3, 4, 5, 6)
    assert plan.study == "aa-test_tiny_smoke"
    with pytest.raises(ConfigError, match="unknown preset 'tinny'; did you mean 'tiny'"):
        plan_audit("tinny", 3, TrialSpec())


def trained(results: list[TrialResult], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the network of an audit have these results."""
    monkeypatch.setattr(audits, "prepare", lambda plan, *_: Prepared(plan, ()))
    done = Trained({"tiny": results}, reused=0, declaration=1, in_mlflow=False)
    monkeypatch.setattr(audits, "train", lambda *_: done)


def test_a_network_is_judged_against_itself_on_each_data_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    results = [
        replace_seed(BASE[number % len(BASE)], seed) for number, seed in enumerate(range(1, 5))
    ]
    trained(results, monkeypatch)
    plan = plan_audit("tiny", 2, TrialSpec())
    outcome = audit_network(plan, RunContext(tmp_path, 1), splits=100)
    assert (outcome.seeds, outcome.splits, len(outcome.results)) == (2, 100, 4)
    (name,) = outcome.datasets
    found = outcome.datasets[name]
    assert sum(rate.share for rate in found.rates.values()) == pytest.approx(1)
    assert found.retraining_sd_db > 0


def replace_seed(result: TrialResult, seed: int) -> TrialResult:
    return result.model_copy(
        update={"config": result.config.model_copy(update={"seed": seed}), "key": f"k{seed}"}
    )


def test_an_audit_without_all_scores_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trained([*(replace_seed(BASE[0], seed) for seed in (1, 2, 3)), diverged("d", 4)], monkeypatch)
    plan = plan_audit("tiny", 2, TrialSpec())
    with pytest.raises(WorkbenchError, match=r"seeds \[4\] have no score"):
        audit_network(plan, RunContext(tmp_path, 1), splits=100)
