"""What a search costs besides training: milliseconds a trial and memory, with a made-up objective.

`python -m tests.benchmarks.search_overhead [--trials N] [--sampler NAME]` runs a search over a
space of training fields (so that no network is counted twice), writes its record as a real one
does, and prints the mean of the last hundred trials at some points on the way.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.builders.searches import BASE, Fake, settings
from workbench.execution.plan import Arm
from workbench.execution.stream import ArmEnded
from workbench.search.loop import run_loop
from workbench.search.objectives import parse_objectives
from workbench.search.record import SearchRecord
from workbench.search.record_file import add_line, start_record
from workbench.spaces.space import SpaceFile

SPACE = SpaceFile.parse(
    {
        "question": "How?",
        "base": "tiny",
        "dimensions": {
            "training.stages.0.learning_rate": {
                "kind": "floats",
                "low": 1e-4,
                "high": 1e-2,
                "log": True,
            },
            "training.ema_decay": {"kind": "floats", "low": 0.9, "high": 0.999},
            "training.stages.0.batch_size": {"kind": "choice", "values": [2, 4, 8]},
        },
    }
)


class Timed(Fake):
    """Notes when each trial is requested."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[tuple[float, float]] = []
        """Seconds, and the peak memory in GB by then."""

    def ended(self, one: Arm) -> ArmEnded:
        """Run one arm."""
        if one.until is None:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            self.moments.append((time.perf_counter(), memory))
        return super().ended(one)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2_000)
    parser.add_argument("--sampler", default="tpe")
    given = parser.parse_args()
    wanted = settings(space=SPACE, base=BASE, sampler=given.sampler)
    fake = Timed()
    with tempfile.TemporaryDirectory() as folder:
        record = SearchRecord(name="overhead", settings=wanted)
        objectives = parse_objectives(wanted.objectives, ["Set5"])
        start_record(record, Path(folder))
        run_loop(
            record,
            given.trials,
            objectives,
            fake,
            lambda line: add_line(line, Path(folder), record.name),
        )
    for count in (100, 500, 1_000, 2_000):
        if count <= len(fake.moments):
            now, memory = fake.moments[count - 1]
            spent = now - fake.moments[max(0, count - 101)][0]
            sys.stdout.write(
                f"trial {count:5,}: {1_000 * spent / 100:6.1f} ms a trial, "
                f"peak memory {memory:.2f} GB\n"
            )


if __name__ == "__main__":
    main()
