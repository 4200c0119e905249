"""`wb.simulate`: frames, the figure, and errors in Python's names."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

import workbench as wb
from tests.builders.simulated import CHOICES, table
from workbench.api.tables import Table
from workbench.errors import ConfigError
from workbench.experiments import simulate as module
from workbench.tables.files import write_table

TABLE = Table(table(CHOICES))


def simulated(**changes: Any) -> wb.SimulationResults:
    given: dict[str, Any] = {"repeats": 3, "trials": 5, "progress": False}
    return wb.simulate(TABLE, **(given | changes))


def test_a_frame_has_a_row_for_each_sampler_and_cost(tmp_path: Path) -> None:
    found = simulated(samplers=["tpe", "nsga2"])
    frame = found.to_frame()
    assert frame["sampler"].unique().tolist() == ["tpe", "nsga2", "random"]
    of_tpe = frame[frame["sampler"] == "tpe"]
    assert (of_tpe["steps"].min(), of_tpe["steps"].max()) == (120, 600)
    assert (frame["regret_db_p10"] <= frame["regret_db_p90"]).all()
    assert of_tpe["regret_db_mean"].is_monotonic_decreasing
    pairs = found.comparisons()
    assert pairs["against"].tolist() == ["nsga2", "random", "random"]
    assert set(pairs["verdict"]) <= {"better", "worse", "equivalent", "undecided"}
    assert found.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert repr(found).startswith("<simulation of tpe, nsga2, random; 3 searches of 5 networks")


def test_the_columns_of_an_objective_without_a_unit_have_none() -> None:
    assert "regret_mean" in simulated(objective="ssim_y").to_frame()


def test_errors_name_the_arguments() -> None:
    with pytest.raises(ConfigError, match=r"^samplers: unknown sampler 'tpo'"):
        simulated(samplers="tpo")
    with pytest.raises(ConfigError, match=r"^audit_share must lie in 0\.\.1, got 2"):
        simulated(audit_share=2)
    with pytest.raises(ConfigError, match="space NAME says which one to search"):
        wb.simulate(Table(replace(TABLE.table, space=None)), progress=False)


def test_a_stop_is_a_keyboard_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "simulate_once", stopped)
    with pytest.raises(KeyboardInterrupt, match=r"^stopped; no result, and nothing was kept$"):
        simulated()


def test_the_folder_of_a_table_is_read_and_its_objective_optimized(tmp_path: Path) -> None:
    write_table(TABLE.table, tmp_path / "bench")
    objective = wb.table(tmp_path / "bench").objective(limits={"parameters": 9_999}, seed=1)
    study = optuna.create_study(
        direction=objective.direction,
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.NopPruner(),
    )
    study.optimize(objective, n_trials=40)
    assert objective.best_network == study.best_trial.user_attrs["network"] == "v05"
    assert objective.regret_of(study.best_trial) == 0
    assert objective.steps == 6 * 120
    again = wb.simulate(tmp_path / "bench", "random", repeats=2, trials=5, progress=False)
    assert again.to_dict() == simulated(samplers="random", repeats=2).to_dict()


def test_errors_of_an_objective_name_the_arguments() -> None:
    with pytest.raises(ConfigError, match=r"^score parameters: a cost needs no training"):
        TABLE.objective("parameters")
    with pytest.raises(ConfigError, match=r"^limits: unknown limit 'parameter'"):
        TABLE.objective(limits={"parameter": 5})
