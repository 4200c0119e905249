"""`experiments.simulate`: what is refused, what is said, and what a stop leaves."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.builders.simulated import CHOICES, PLANE, space, table
from workbench.errors import ConfigError, StoppedByUserError
from workbench.experiments import simulate as module
from workbench.experiments.simulate import draw_simulation, simulate
from workbench.experiments.simulate_spec import SimulateSpec
from workbench.search.simulation.repetition import Repetition, simulate_once
from workbench.system.events import Caution, Note, Progressed

TABLE = table(CHOICES)
SMALL = SimulateSpec(samplers=["tpe"], repeats=2, trials=4)


def test_random_search_is_always_there_and_all_samplers_share_the_seeds_of_a_repetition() -> None:
    found = simulate(replace(SMALL, samplers=["random", "grid", "random"], repeats=3), TABLE)
    assert list(found.repetitions) == ["grid", "random"]
    seeds = {name: [one.trial_seed for one in of] for name, of in found.repetitions.items()}
    assert seeds["grid"] == seeds["random"]
    assert (found.repeats, found.budget) == (3, 4 * 120)


def test_half_of_the_networks_are_the_trials_by_default() -> None:
    assert simulate(replace(SMALL, trials=None), TABLE).settings.trials == 10


def test_the_space_and_its_rungs_may_be_others() -> None:
    with_rungs = replace(SMALL, rungs=(0.33,), keep=0.25)
    found = simulate(with_rungs, TABLE)
    assert found.searched.space.fidelity.rungs == (0.33,)
    assert found.settings.audit_share == 0.1
    assert simulate(SMALL, TABLE).settings.audit_share == 0.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"samplers": ["tpo"]}, "--sampler: unknown sampler 'tpo'; did you mean 'tpe'"),
        ({"samplers": ["nearest"]}, "--sampler: unknown sampler 'nearest'; valid: gp, grid"),
        ({"samplers": ["pbt"]}, "--sampler pbt cannot be simulated: .* a table has no weights"),
        ({"repeats": 0}, r"--repeats must lie in 2\.\.1,000, got 0"),
        ({"repeats": 1_001}, r"--repeats must lie in 2\.\.1,000, got 1,001"),
        ({"trials": 21}, "--trials must be at most 20, the networks of the table .* got 21"),
        ({"trials": 0}, "--trials must be at least 1, got 0"),
        ({"batch": 0}, "--batch must be at least 1, got 0"),
        ({"audit_share": 1.5}, r"--audit-share must lie in 0\.\.1, got 1\.5"),
        ({"margin": -0.1}, r"--margin must be at least 0, got -0\.1"),
        ({"objective": "psnr"}, "unknown objective 'psnr'"),
        ({"objective": "Set6/psnr_y_db"}, "did you mean 'Set5/psnr_y_db'"),
        ({"objective": "parameters"}, "--objective parameters: a cost needs no training"),
        ({"limits": {"parameter": 5}}, "unknown limit 'parameter'; did you mean 'parameters'"),
        ({"rungs": (0.5, 0.3)}, "--rungs, --keep: .*rungs must increase"),
        ({"space": "mdrn-sizes"}, "mdrn-sizes.*did you mean 'mdrn-size'"),
        ({"limits": {"parameters": 11_999}, "trials": 9}, "--trials must be at most 8"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change: Mapping[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        simulate(replace(SMALL, **change), TABLE)


def test_a_table_of_a_study_needs_a_space() -> None:
    with pytest.raises(ConfigError, match=r"mine: .* --space NAME says which one"):
        simulate(SMALL, replace(TABLE, space=None))


def test_what_is_left_out_is_noted() -> None:
    events: list[object] = []
    odd = [one for one in PLANE.combinations() if one["model.channels"] != 8][:12]
    made = table(PLANE, networks=odd)
    narrow = space({"model.channels": {"kind": "integers", "low": 4, "high": 16, "step": 2}})
    few = replace(made, results=made.results[:-1])
    simulate(SMALL, replace(few, space=PLANE), events.append)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert notes[0] == ("left out: 1 network without a complete trial under each of the seeds 1, 2")
    assert notes[1].startswith("the table does not have the baseline tiny")
    whole = replace(table(PLANE), space=narrow)
    events.clear()
    simulate(SMALL, whole, events.append)
    (note,) = (event.text for event in events if isinstance(event, Note))
    assert note == "left out: 49 networks that the space small cannot express"


def stopping_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C come in the search after so many."""
    done: list[Repetition] = []

    def once(*arguments: Any) -> Repetition:
        if len(done) == count:
            raise KeyboardInterrupt
        done.append(simulate_once(*arguments))
        return done[-1]

    monkeypatch.setattr(module, "simulate_once", once)


def test_ctrl_c_leaves_the_repetitions_that_every_sampler_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopping_after(5, monkeypatch)
    events: list[object] = []
    found = simulate(replace(SMALL, repeats=10), TABLE, events.append)
    assert {name: len(of) for name, of in found.repetitions.items()} == {"tpe": 2, "random": 2}
    assert (found.repeats, found.planned) == (2, 10)
    assert Caution("stopped after 2 of 10 repetitions") in events
    assert Progressed(5, 20, "random") in events


def test_ctrl_c_before_two_repetitions_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping_after(3, monkeypatch)
    with pytest.raises(StoppedByUserError, match="stopped; no result, and nothing was kept"):
        simulate(SMALL, TABLE)


def test_the_margin_is_that_of_studies_in_db_and_none_of_ssim() -> None:
    assert simulate(SMALL, TABLE).rule.margin_db == 0.02
    assert simulate(replace(SMALL, objective="ssim_y"), TABLE).rule.margin_db == 0
    assert simulate(replace(SMALL, objective="ssim_y", margin=0.1), TABLE).rule.margin_db == 0.1


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_the_figure_is_drawn(name: str, begins: bytes, tmp_path: Path) -> None:
    draw_simulation(simulate(SMALL, TABLE), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_figure_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--figure must end in \.png or \.svg, got .*a\.pdf"):
        draw_simulation(simulate(SMALL, TABLE), tmp_path / "a.pdf")
