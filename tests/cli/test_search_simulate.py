"""`workbench search simulate`: the tables, JSON, the figure, Ctrl-C, and what it refuses."""

import re
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.builders.simulated import CHOICES, table
from tests.cli.conftest import Command
from workbench.experiments import simulate as module
from workbench.search.simulation.repetition import simulate_once
from workbench.tables.files import write_table

QUICK = ("search", "simulate", "bench", "--repeats", "3", "--trials", "5")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a table, where commands find it as `bench`."""
    write_table(table(CHOICES), tmp_path / "bench")
    return tmp_path / "bench"


def test_the_tables_say_what_was_simulated_and_what_came_of_it(
    command: Command, folder: Path
) -> None:
    ended = command(*QUICK, "--sampler", "tpe,nsga2", "--sampler", "grid")
    assert ended.code == 0, ended.err
    out = re.sub(" +", " ", ended.out)
    assert out.startswith(
        "3 searches of 5 networks for each sampler, on 20 networks of mine in the space small; no "
        "rungs: every network trains to its end\n"
        "best network within the limits: v19, validation psnr_rgb_db 29.5"
    )
    assert "mean over 2 seeds; budget 600 steps\n" in out
    assert "\nregret, dB after a share of the budget\n" in out
    assert re.search(r"^tpe 5\.0 600 0\.\d{4} ±0\.\d{4} ", out, re.MULTILINE)
    assert re.search(r"^uniform \(exact\) 5 600 0\.1500 0\.\d{4} 0\.\d{4}", out, re.MULTILINE)
    assert len(re.findall(r"^(?:tpe|nsga2|grid) random .* dB", out, re.MULTILINE)) == 3
    assert len(re.findall(r"(?:better|worse|equivalent|undecided)$", out, re.MULTILINE)) == 6
    tables = ended.out.partition("\nregret")[2]
    assert max(map(len, tables.splitlines())) <= 80
    assert "the nearest network of the table (Gower's distance)" in ended.err


def test_json_is_what_python_returns_and_the_figure_is_written(
    command: Command, folder: Path
) -> None:
    words = ("--sampler", "random", "--rungs", "0.33", "--asynchronous", "--seed", "5")
    ended = command(*QUICK, *words, "--json", "--figure", "regret.svg")
    assert ended.code == 0, ended.err
    found = wb.simulate(
        folder,
        "random",
        repeats=3,
        trials=5,
        rungs=(0.33,),
        asynchronous=True,
        seed=5,
        progress=False,
    )
    assert ended.json() == found.to_dict()
    assert "figure written to regret.svg" in ended.err
    assert (folder.parent / "regret.svg").read_text().startswith("<?xml")
    assert ended.json()["comparisons"] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("bench", "--sampler", "tpo"), "error: --sampler: unknown sampler 'tpo'; did you mean"),
        (("bench", "--repeats", "0"), "error: --repeats must lie in 2..1,000, got 0"),
        (("bench", "--trials", "21"), "error: --trials must be at most 20"),
        (("bench", "--figure", "a.pdf"), "error: --figure must end in .png or .svg"),
        (("nothing",), "error: nothing: no table of trials: there is no such folder"),
        (("bench", "--limit", "parameters<=4999"), "at least 2 networks of the space small"),
        (("bench", "--rungs", "a"), "error: --rungs must be fractions of the steps"),
    ],
)
def test_what_cannot_be_simulated_is_one_line(
    command: Command, folder: Path, words: tuple[str, ...], says: str
) -> None:
    ended = command("search", "simulate", *words)
    assert ended.code == 2
    assert says in ended.err
    assert "Traceback" not in ended.err
    assert not ended.out


@pytest.mark.parametrize(("count", "printed"), [(4, True), (3, False)])
def test_ctrl_c_prints_what_every_sampler_has_finished(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, count: int, printed: bool
) -> None:
    done: list[object] = []

    def once(*arguments: Any) -> Any:
        if len(done) == count:
            raise KeyboardInterrupt
        done.append(None)
        return simulate_once(*arguments)

    monkeypatch.setattr(module, "simulate_once", once)
    ended = command(*QUICK)
    assert ended.code == 130
    assert ended.out.startswith("2 searches of 5 networks") == printed
    assert ("warning: stopped after 2 of 3 repetitions" in ended.err) == printed
    assert ended.err.splitlines()[-1] == "stopped"
