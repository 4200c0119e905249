"""Seconds from the command to the first training step, of the first trial and of all at a time.

`python -m tests.benchmarks.first_step --lanes 8 --device cuda` runs `workbench ablate` in an empty
store, writes a checkpoint after every step, and watches for these files; then it stops the command.
So the time includes starting Python, packing images, building networks and, on CUDA, capturing.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.environment import with_checkout

LOOK_EVERY_S = 0.01
SETTINGS = {
    "training.checkpoint_every": 1,
    "training.validate_every": 1_000_000,
    "training.stages.0.milestones": "[]",
}


def command(lanes: int, device: str, store: Path, more: Sequence[str]) -> list[str]:
    """Return an ablation of `lanes` trials at least, with `lanes` of them at a time."""
    settings = SETTINGS | {"training.device": device}
    argv = ["ablate", "--variant", "no-lvar", "--seeds", str(max(2, -(-lanes // 2))), "--yes"]
    argv += ["--steps", "100000", "--lanes", str(lanes), "--store", str(store)]
    for name, value in settings.items():
        argv += ["--set", f"{name}={value}"]
    return [sys.executable, "-m", "workbench", *argv, *more]


def first_steps(
    lanes: int, device: str, more: Sequence[str], limit_s: float
) -> tuple[float, float]:
    """Return the seconds until one trial, and until `lanes` trials, had done their first step.

    Raises:
        SystemExit: If the command ends before, or takes too long, with what it printed.
    """
    with tempfile.TemporaryDirectory() as place:
        store, printed = Path(place, "store"), Path(place, "printed.txt")
        argv = command(lanes, device, store, more)
        started = time.perf_counter()
        with printed.open("wb") as out:
            process = subprocess.Popen(
                argv, cwd=place, env=with_checkout(), stdout=out, stderr=subprocess.STDOUT
            )
            found: list[float] = []
            try:
                while len(found) < lanes:
                    if process.poll() is not None or time.perf_counter() - started > limit_s:
                        raise SystemExit(f"no first step:\n{printed.read_text()[-2000:]}")
                    done = len(list(store.rglob("checkpoint.pt")))
                    found += [time.perf_counter() - started] * (done - len(found))
                    time.sleep(LOOK_EVERY_S)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait()
        return found[0], found[lanes - 1]


def main() -> None:
    """Measure and print the medians."""
    parser = argparse.ArgumentParser(description="Seconds from the command to the first step.")
    parser.add_argument("--lanes", type=int, default=1, help="trials at a time")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds to wait for")
    parser.add_argument("more", nargs="*", help="further options of ablate, after --")
    given = parser.parse_args()
    times = [
        first_steps(given.lanes, given.device, given.more, given.limit) for _ in range(given.rounds)
    ]
    one, every = (median(values) for values in zip(*times, strict=True))
    sys.stdout.write(
        f"{given.lanes} lanes on {given.device}: {one:.2f} s to the first step of a trial, "
        f"{every:.2f} s to that of {given.lanes} trials; medians of {given.rounds} rounds\n"
    )


if __name__ == "__main__":
    main()
