"""Kill -9 a search again and again, and compare its end with that of an undisturbed one.

`python -m tests.benchmarks.kill_search [--engine optuna|ray] [--sampler tpe|pbt] [--asynchronous]
[--lanes N] [--kills N] [--trials N]` runs real trainings of small networks on the embedded
photographs, with rungs. After each kill it looks for processes that are left after five seconds; at
the end it compares tables, records and weights, and looks for trials that were finished twice,
MLflow runs that still run, and a locked database. Without batches the order of arrival decides, so
tables may differ.
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
import uuid
from pathlib import Path

from tests.processes import MARK, commands

SPACE = """
question: Which small network is best?
base: tiny
dimensions:
  model.channels: {kind: integers, low: 8, high: 24}
  model.blocks: {kind: integers, low: 1, high: 3}
  model.activation: {kind: choice, values: [gelu, relu]}
limits:
  parameters: 40000
fidelity:
  rungs: [0.25, 0.5]
"""
OF_A_POPULATION = """
question: How should a small network be trained?
base: tiny
dimensions:
  training.stages.0.learning_rate: {kind: floats, low: 0.0005, high: 0.02, log: true}
  training.stages.0.loss: {kind: choice, values: [l1, charbonnier, l2]}
  training.stages.0.batch_size: {kind: choice, values: [2, 4, 8]}
fidelity:
  rungs: [0.25, 0.5]
"""
PATIENCE_S = 5.0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def finished(store: Path) -> dict[str, float]:
    """Return when each trial of the ledger was finished, by key."""
    records = (json.loads(path.read_text()) for path in store.glob("trials/*/result.json"))
    return {record["key"]: record["finished_s"] for record in records}


def weights(store: Path) -> dict[str, str]:
    """Return the hash of the weights of each finished trial, by key."""
    records = (json.loads(path.read_text()) for path in store.glob("trials/*/result.json"))
    return {record["key"]: record["weights_hash"] for record in records}


class Search:
    """One search in its folder; the same command each time."""

    def __init__(self, folder: Path, engine: str, sampler: str, trials: int, *more: str) -> None:
        space = OF_A_POPULATION if sampler == "pbt" else SPACE
        (folder / "search_spaces").mkdir(parents=True)
        (folder / "search_spaces" / "mine.yaml").write_text(space)
        self.folder, self.store = folder, folder / "mlflow_runs"
        options = ["--trials", str(trials), "--engine", engine, "--study", "s"]
        options += ["--sampler", sampler, *more]
        self.argv = [sys.executable, "-m", "workbench", "search", "mine", *options]

    def start(self, mark: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.argv,
            cwd=self.folder,
            env={**os.environ, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "err").open("a"),
            text=True,
        )

    def to_the_end(self) -> str:
        driver = self.start("last")
        out = driver.communicate()[0]
        if driver.returncode:
            raise SystemExit(f"ended with {driver.returncode}: see {self.folder / 'err'}")
        return out

    def killed_after(self, wait_s: float) -> bool:
        """Run it for so long, kill it, and look for what is left; False if it had ended."""
        mark = uuid.uuid4().hex
        driver = self.start(mark)
        time.sleep(wait_s)
        if driver.poll() is not None:
            return False
        os.kill(driver.pid, signal.SIGKILL)
        driver.wait()
        time.sleep(PATIENCE_S)
        left = commands(mark)
        done = len(finished(self.store))
        say(f"killed after {wait_s:4.1f} s: {done:2} finished, processes left: {left or 'none'}")
        return True


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="optuna", choices=["optuna", "ray"])
    parser.add_argument("--sampler", default="tpe")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=30.0, help="seconds before a kill")
    parser.add_argument("--lanes", type=int, help="trials at a time in one process")
    parser.add_argument("--asynchronous", action="store_true")
    given = parser.parse_args()
    more = ["--lanes", str(given.lanes)] if given.lanes else ["--workers", "2"]
    more += ["--asynchronous"] if given.asynchronous else []
    draw = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as place:
        calm = Search(Path(place, "calm"), given.engine, given.sampler, given.trials, *more)
        disturbed = Search(
            Path(place, "disturbed"), given.engine, given.sampler, given.trials, *more
        )
        started = time.monotonic()
        expected = calm.to_the_end()
        say(f"undisturbed: {time.monotonic() - started:.0f} s")
        kills, seen = 0, dict[str, float]()
        while kills < given.kills:
            if not disturbed.killed_after(draw.uniform(2.0, given.longest)):
                say("it had come to its end")
                break
            kills += 1
            now = finished(disturbed.store)
            assert all(now.get(key) == moment for key, moment in seen.items()), "trained twice"
            seen = now
        table = disturbed.to_the_end()
        report(calm, disturbed, expected, table, kills, seen)


def report(
    calm: Search, disturbed: Search, expected: str, table: str, kills: int, seen: dict[str, float]
) -> None:
    """Print what was found."""
    ended = finished(disturbed.store)
    records = [s.store / "searches" / "s.jsonl" for s in (calm, disturbed)]
    with sqlite3.connect(disturbed.store / "mlflow.db", timeout=1.0) as database:
        database.execute("BEGIN IMMEDIATE")  # fails if somebody holds it
        query = "SELECT count(*) FROM runs WHERE status = 'RUNNING'"
        running = database.execute(query).fetchone()[0]
        total = database.execute("SELECT count(*) FROM runs").fetchone()[0]
    for what, value in {
        "kills": kills,
        "the same table": table == expected,
        "the same record, byte for byte": records[0].read_bytes() == records[1].read_bytes(),
        "the same finished trials, and weights": weights(disturbed.store) == weights(calm.store),
        "trials finished twice": sum(ended[key] != moment for key, moment in seen.items()),
        "trainings": len(list(disturbed.store.glob("trainings/*"))),
        "finished": len(ended),
        "MLflow runs": total,
        "of which still RUNNING": running,
    }.items():
        say(f"{what}: {value}")
    say(table)


if __name__ == "__main__":
    main()
