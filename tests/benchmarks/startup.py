"""How long commands take to start: seconds, and ratios to what Python and its imports cost anyway.

`python tests/benchmarks/startup.py --rounds 15` runs each command in a process of its own, in an
empty folder; the runs are interleaved, so that other work on the machine meets all of them. The
times are medians of wall time with warm caches, the ratios medians of the ratios of each round.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.environment import with_checkout

PYTHON = "python -c pass"
TYPER = "python -c 'import typer, rich'"
LIMITS_S = {
    "import workbench": 0.1,
    "workbench --help": 0.35,
    "workbench ablate --variant no-lvar --dry-run": 1.0,
}
"""What the times must stay below on an idle machine."""
COMMANDS: dict[str, Sequence[str]] = {
    PYTHON: ("-c", "pass"),
    TYPER: ("-c", "import typer, rich"),
    "import workbench": ("-c", "import workbench"),
    "workbench --help": ("-m", "workbench", "--help"),
    "workbench search --help": ("-m", "workbench", "search", "--help"),
    "workbench ablate --help": ("-m", "workbench", "ablate", "--help"),
    "workbench variants": ("-m", "workbench", "variants"),
    "workbench spaces": ("-m", "workbench", "spaces"),
    "workbench ablate --variant no-lvar --dry-run": (
        *("-m", "workbench", "ablate", "--variant", "no-lvar", "--dry-run"),
    ),
}


def seconds(argv: Sequence[str], folder: Path) -> float:
    """Return the wall time of a process."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *argv],
        check=True,
        cwd=folder,
        env=with_checkout(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def measure(rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each command in each round; an uncounted round warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for name, argv in COMMANDS.items():
                taken = seconds(argv, Path(folder))
                if number:
                    times[name].append(taken)
    return times


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="How long commands take to start.")
    parser.add_argument("--rounds", type=int, default=15, help="interleaved runs of each command")
    rounds = parser.parse_args().rounds
    times = measure(rounds)
    sys.stdout.write(f"{'':46} {'seconds':>8} {'x pass':>8} {'x typer':>8} {'limit s':>8}\n")
    for name, taken in times.items():
        ratios = [
            median(one / other for one, other in zip(taken, times[base], strict=True))
            for base in (PYTHON, TYPER)
        ]
        limit = f"{LIMITS_S[name]:8.2f}" if name in LIMITS_S else ""
        cells = f"{median(taken):8.3f} {ratios[0]:8.1f} {ratios[1]:8.2f} {limit}"
        sys.stdout.write(f"{name:46} {cells}".rstrip() + "\n")
    sys.stdout.write(f"medians of {rounds} rounds\n")


if __name__ == "__main__":
    main()
