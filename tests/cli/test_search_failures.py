"""A search whose trials fail in every way that a machine knows: it goes on, and says what happened.

The failures with the real command in a process of its own.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders.spaces import GREEDY, SMALL, SPACE
from tests.cli.conftest import Command
from tests.processes import children

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
MEMORY_KIB = 6 * 2**20
"""Of addresses, of which PyTorch alone takes half."""
PATIENCE_S = 400.0


@dataclass
class Started:
    """A search that runs."""

    driver: "subprocess.Popen[str]"
    errors: Path
    arguments: list[str]
    """Of `workbench`."""

    def wait_for(self, happened: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not happened():
            assert self.driver.poll() is None, self.errors.read_text()
            assert time.monotonic() < until, self.errors.read_text()
            time.sleep(0.02)

    def worker(self) -> int | None:
        return next(iter(children(self.driver.pid, "spawn_main")), None)

    def trains_the_first_candidate(self) -> bool:
        """Tell whether the canonical network is trained and the next one has begun."""
        store = self.errors.parent / "mlflow_runs"
        return len(list(store.glob("trainings/*/lock"))) > 1

    def said(self) -> str:
        return self.errors.read_text()

    def table(self) -> str:
        """Wait for its end and return its table, one line for each trial."""
        out, _ = self.driver.communicate()
        assert self.driver.returncode == 0, self.errors.read_text()
        return out


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path, photos: Path, empty_store: Path) -> Start:
    """Return a function that starts a search of five trials, on a copy of the photographs."""
    shutil.copytree(empty_store, tmp_path / "mlflow_runs")
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "search_spaces").mkdir()

    def started(space: str, *more: str, steps: int = 6, before: str = "true") -> Started:
        (tmp_path / "search_spaces" / "mine.yaml").write_text(space)
        images = ("--data", "photos", "--benchmark", "P=photos", "--validation", "photos")
        options = (
            "--trials",
            "5",
            "--study",
            "s",
            "--workers",
            "1",
            "--allow-overlap",
            *images,
            *more,
        )
        small = [text.replace("steps=6", f"steps={steps}") for text in SMALL]
        arguments = ["search", "mine", *options, *small]
        command = [sys.executable, "-m", "workbench", *arguments]
        errors = tmp_path / "err"
        with errors.open("w") as stream:
            driver = subprocess.Popen(
                ["bash", "-c", f'{before}; exec "$@"', "search", *command],
                cwd=tmp_path,
                env={**os.environ, "COLUMNS": "200"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )
        return Started(driver, errors, arguments)

    return started


def test_out_of_memory_and_divergence_are_results(start: Start) -> None:
    search = start(GREEDY, "--sampler", "grid", before=f"ulimit -v {MEMORY_KIB}")
    table = search.table()
    assert "out of memory: " in table
    assert "diverged: " in table
    assert "1 networks scored" in table or "2 networks scored" in table
    assert "3 failed" in table or "4 failed" in table


def test_a_trial_whose_workers_are_killed_fails_and_the_others_do_not(
    start: Start, command: Command
) -> None:
    search = start(SPACE, steps=45)
    search.wait_for(search.trains_the_first_candidate)
    first = search.worker()
    assert first
    os.kill(first, signal.SIGKILL)
    search.wait_for(lambda: search.worker() not in (None, first))
    second = search.worker()
    assert second
    os.kill(second, signal.SIGKILL)
    table = search.table()
    assert "4 networks scored" in table
    assert "1 failed" in table
    assert "its worker process died 2 times" in table
    assert "t0001 failed: the search's command with --retry failed added runs" in search.said()
    again = command(*search.arguments, "--retry", "failed")
    assert "5 networks scored" in again.out
    assert "0 failed" in again.out
    assert "trials that failed are run again: t0001" in again.err


def test_data_that_vanish_cost_the_trials_that_need_them(start: Start, tmp_path: Path) -> None:
    search = start(SPACE, steps=45)
    search.wait_for(search.trains_the_first_candidate)
    shutil.rmtree(tmp_path / "photos")
    table = search.table()
    assert "2 networks scored" in table
    assert "3 failed" in table
    assert "photos" in table.replace("\n", "")
