"""Runs `workbench ablate`, kills it with SIGKILL at random moments, and compares the outcome.

As a script: `python -m tests.ablation.killing --kills 10 -- --variant no-lvar` runs the command in
one folder undisturbed and in another with kills, and prints what it found.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "workbench", "ablate", "--json"]
INLINE = [sys.executable, "-m", "tests.builders.inline", "ablate", "--json"]
"""The same without worker processes: the trials run in the process of the command."""


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    comparison: dict[str, Any]
    weights: dict[str, str]
    """Hash of the weights by trial."""
    recorded_at: dict[str, int]
    """When each trial was recorded: a second training would change it."""
    run_states: list[str]
    """States of all runs in MLflow."""


def run(arguments: list[str], folder: Path) -> Outcome:
    """Run the command to its end."""
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return outcome(json.loads(done.stdout), folder)


def run_and_kill(arguments: list[str], folder: Path, after_s: float) -> bool:
    """Run the command and kill it after `after_s` seconds; return whether it was still running."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)  # the driver alone; its workers must follow
        process.wait()
        wait_for_end_of_group(process.pid)
        return True
    return False


def wait_for_end_of_group(group: int, timeout_s: float = 60.0) -> None:
    """Wait until no process of a group runs.

    Raises:
        AssertionError: If one is left after `timeout_s`.
    """
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if not running_in_group(group):
            return
        time.sleep(0.05)
    raise AssertionError(f"processes outlived their driver: {running_in_group(group)}")


def running_in_group(group: int) -> list[int]:
    """Return the processes of a group that are not zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def outcome(comparison: dict[str, Any], folder: Path) -> Outcome:
    """Collect what the store holds."""
    store = folder / "mlflow_runs"
    return Outcome(comparison, weights(store), recorded_at(store), run_states(store))


def weights(store: Path) -> dict[str, str]:
    """Return the hash of the weights by trial."""
    records = [json.loads(path.read_text()) for path in store.glob("trials/*/result.json")]
    return {record["key"]: record["weights_hash"] for record in records}


def recorded_at(store: Path) -> dict[str, int]:
    """Return when each trial was recorded."""
    return {p.parent.name: p.stat().st_mtime_ns for p in store.glob("trials/*/result.json")}


def run_states(store: Path) -> list[str]:
    """Return the states of all runs in MLflow's database."""
    # Read-only: opening must not create the file that a run is about to make.
    with closing(sqlite3.connect(f"file:{store / 'mlflow.db'}?mode=ro", uri=True)) as database:
        # Of two runs that two drivers made for one trial at the same moment, one is deleted.
        query = "SELECT status FROM runs WHERE lifecycle_stage = 'active'"
        return [row[0] for row in database.execute(query)]


def kill_often(
    arguments: list[str], folder: Path, kills: int, longest_s: float, seed: int = 0
) -> tuple[Outcome, int]:
    """Run with kills at random moments, then to the end; nothing recorded may be trained again.

    Returns:
        What is left in the end, and the number of kills: fewer than `kills` if it ended first.

    Raises:
        AssertionError: If a trial was recorded twice, or a process outlived its driver.
    """
    draw, done = random.Random(seed), 0
    known: dict[str, int] = {}
    while done < kills:
        moment = draw.uniform(0.5, longest_s)
        if not run_and_kill(arguments, folder, moment):
            break  # it ended before it could be killed
        done += 1
        now = recorded_at(folder / "mlflow_runs")
        assert known.items() <= now.items(), "a finished trial was recorded again"
        known = now
        sys.stderr.write(f"kill {done} after {moment:.1f} s: {len(now)} trials finished\n")
    final = run(arguments, folder)
    assert known.items() <= final.recorded_at.items(), "a finished trial was recorded again"
    return final, done


def main() -> None:
    """Compare an undisturbed run with a killed one and print the findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--longest-s", type=float, default=40.0)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    arguments = [argument for argument in options.arguments if argument != "--"]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        undisturbed = run(arguments, Path(one))
        killed, kills = kill_often(arguments, Path(two), options.kills, options.longest_s)
    findings = {
        "kills": kills,
        "trials": len(killed.weights),
        "weights identical": killed.weights == undisturbed.weights,
        "table identical": killed.comparison == undisturbed.comparison,
        "states of MLflow runs": sorted(set(killed.run_states)),
        "number of MLflow runs": len(killed.run_states),
    }
    sys.stdout.write(json.dumps(findings, indent=1) + "\n")


if __name__ == "__main__":
    main()
