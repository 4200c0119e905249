"""`wb.simulate`: frames, the figure, and errors in Python's names."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.builders.simulated import CHOICES, table
from workbench.errors import ConfigError
from workbench.experiments import simulate as module

TABLE = table(CHOICES)


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
        wb.simulate(replace(TABLE, space=None), progress=False)


def test_a_stop_is_a_keyboard_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "simulate_once", stopped)
    with pytest.raises(KeyboardInterrupt, match=r"^stopped; no result, and nothing was kept$"):
        simulated()
