"""What Ray Tune costs besides training: milliseconds a trial and memory, with finished trials.

`python -m tests.benchmarks.ray_overhead [--trials N] [--workers N]` fills a ledger with one result
under many seeds, so that every trial is answered from it, and lets Ray run them in batches of four
as a search does.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.execution.events import TrialEvent, TrialFailed, TrialFinished
from workbench.execution.executor import Task
from workbench.execution.ray.executor import RayExecutor
from workbench.execution.ray.tuning import Resources
from workbench.store.keys import trial_key
from workbench.store.ledger import Ledger
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

BATCH = 4


class Counting:
    """Counts what has ended."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: TrialEvent) -> None:
        """Count a result; a failure stops the benchmark."""
        if isinstance(event, TrialFailed):
            raise event.error
        self.count += isinstance(event, TrialFinished)


def filled(store: Path, trials: int) -> list[TrialConfig]:
    """Train one small network and keep its result under so many seeds."""
    base = TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"])
    ledger = Ledger(store)
    images = open_images(base, ledger)
    first = run_trial(base, store=store, images=images)
    configs = [base.model_copy(update={"seed": seed}) for seed in range(1, trials + 1)]
    for config in configs[1:]:
        key = trial_key(config, images.hashes())
        names = {"key": key.trial, "training_key": key.training, "config": config}
        ledger.record(first.model_copy(update=names))
    return configs


def memory_gb() -> float:
    """Return what this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e9


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    counting, out = Counting(), sys.stdout  # Ray's own messages go to stderr, and so would ours
    with tempfile.TemporaryDirectory() as folder:
        configs = filled(Path(folder), given.trials)
        before = time.perf_counter()
        with RayExecutor(Path(folder), given.workers, None, Resources()) as executor:
            for place in range(0, given.trials, BATCH):
                batch = configs[place : place + BATCH]
                executor.run([Task("tiny", config) for config in batch], counting)
                if counting.count % 100 == 0 or counting.count == BATCH:
                    now = time.perf_counter()
                    spent = (now - before) / (counting.count % 100 or 100)
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
                    out.write(
                        f"trial {counting.count:5,}: {1_000 * spent:7.1f} ms a trial, "
                        f"driver's memory {memory_gb():.2f} GB, at most {peak:.2f}\n"
                    )
                    out.flush()
                    before = now


if __name__ == "__main__":
    main()
