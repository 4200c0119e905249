"""`workbench ablate` as a program: killed, stopped, twice at once, on a store that fails."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import pytest

from tests.ablation.killing import (
    COMMAND,
    INLINE,
    Outcome,
    kill_often,
    outcome,
    recorded_at,
    run_states,
    weights,
)
from tests.builders.commands import run_here
from tests.environment import with_checkout

pytestmark = pytest.mark.xdist_group("ablate")

TINY = ["--base", "tiny", "--set", "model.blocks=1", "--set", "training.stages.0.milestones=[]"]


def arguments(
    photos: Path,
    *,
    steps: int = 60,
    seeds: str = "2",
    checkpoint_every: int = 5,
    workers: str = "1",
) -> list[str]:
    return [
        *["--variant", "no-lvar", "--seeds", seeds, "--workers", workers, *TINY],
        *["--set", f"training.stages.0.steps={steps}", "--set", "training.stages.0.hr_patch_px=60"],
        *["--set", f"training.checkpoint_every={checkpoint_every}"],
        *["--set", "training.validate_every=10"],
        *["--data", str(photos), "--benchmark", f"Photos={photos}", "--validation", str(photos)],
        "--allow-overlap",
    ]


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    """Return a store whose database is there: making one takes 1.5 s of a core."""
    return Path(shutil.copytree(empty_store, tmp_path / "mlflow_runs"))


@pytest.fixture(scope="module")
def undisturbed(
    photos: Path, tmp_path_factory: pytest.TempPathFactory, empty_store: Path
) -> Outcome:
    """Return what the command leaves when nothing happens to it, all of it in this process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(empty_store, folder / "mlflow_runs")
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())) as printed:
        run_here(folder, "ablate", "--json", *arguments(photos))
        printed.seek(0)
        return outcome(json.loads(printed.read()), folder)


def test_killed_at_random_moments_it_ends_like_an_undisturbed_run(
    photos: Path, tmp_path: Path, undisturbed: Outcome
) -> None:
    wanted = arguments(photos, workers="2")
    killed, kills = kill_often(wanted, tmp_path, kills=2, longest_s=9.0, seed=5)
    assert kills > 0
    assert len(killed.weights) == 4
    assert killed.weights == undisturbed.weights
    assert killed.comparison == undisturbed.comparison
    assert killed.run_states == ["FINISHED"] * (4 + 2)  # trials, and all seeds of each network


def test_ctrl_c_writes_checkpoints_and_the_same_command_goes_on(
    photos: Path, tmp_path: Path, store: Path
) -> None:
    wanted = arguments(photos, steps=100_000, seeds="1", checkpoint_every=100_000, workers="2")
    with running([*COMMAND, *wanted], tmp_path) as process:
        # Both trainings have started, and both runs are there.
        wait_until(process, lambda: len(list(store.glob("trainings/*/lock"))) == 2)
        wait_until(process, lambda: run_states(store) == ["RUNNING"] * 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert out == ""
    assert err.endswith("\nstopped; rerun the same command to resume\n")
    assert "Traceback" not in err
    assert len(list(store.glob("trainings/*/checkpoint.pt"))) == 2
    assert set(run_states(store)) == {"KILLED"}
    assert not recorded_at(store)


@contextmanager
def running(command: list[str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a program that says where its threads stand when it is aborted, and end it."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=with_checkout(PYTHONFAULTHANDLER="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(
    process: "subprocess.Popen[str]", condition: Callable[[], bool], timeout_s: float = 240.0
) -> None:
    """Wait for a condition; if it does not come, fail with what the process has said."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end or process.poll() is not None:
            process.send_signal(signal.SIGABRT)
            pytest.fail(f"it did not happen:\n{process.communicate(timeout=60)[1][-8000:]}")
        time.sleep(0.05)


def test_two_at_once_on_one_store_train_each_trial_once(
    photos: Path, tmp_path: Path, store: Path, undisturbed: Outcome
) -> None:
    both = [
        subprocess.Popen(
            [*command, *arguments(photos)],
            cwd=tmp_path,
            env=with_checkout(),
            stdout=subprocess.PIPE,
            text=True,
        )
        for command in (COMMAND, INLINE)
    ]
    printed = [json.loads(process.communicate(timeout=200)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert printed == [undisturbed.comparison] * 2
    sessions = [
        json.loads(path.read_text())["sessions"] for path in store.glob("trials/*/result.json")
    ]
    assert sessions == [1] * 4
    assert set(run_states(store)) == {"FINISHED"}
    assert weights(store) == undisturbed.weights


@contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system in memory, or skip where that is not permitted."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root can mount a small disk")
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def failure(wanted: list[str], folder: Path, store: Path) -> str:
    """Run a command that fails and return its last line."""
    done = subprocess.run(
        [*COMMAND, *wanted, "--store", str(store)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_a_read_only_store_is_refused(photos: Path, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "ro") as store:
        line = failure(arguments(photos), tmp_path, store)
    assert line.startswith(f"error: cannot write to the store {store}")
    assert "read-only file system" in line


def test_a_full_disk_loses_nothing(photos: Path, tmp_path: Path, undisturbed: Outcome) -> None:
    wanted = arguments(photos)
    with disk(tmp_path / "disk", "size=1200k") as store:
        line = failure(wanted, tmp_path, store)
        assert "no space is left" in line or "disk is full" in line
        assert str(store) in line
        before = recorded_at(store)
        subprocess.run(["mount", "-o", "remount,size=200m", str(store)], check=True)
        done = subprocess.run(
            [*INLINE, *wanted, "--store", str(store)],
            cwd=tmp_path,
            env=with_checkout(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert before.items() <= recorded_at(store).items()
        assert set(run_states(store)) == {"FINISHED"}
    assert json.loads(done.stdout) == undisturbed.comparison
