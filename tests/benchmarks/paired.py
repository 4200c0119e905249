"""Two or more ways to do the same, run on the same seeds, and their paired differences.

A run may take long, so each figure is appended to a log as soon as it is there; the same command
with the same log runs only what is not in it.
"""

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scipy.stats import t as student

Figure = Callable[[int], float]
"""From a seed to a figure."""


def run_paired(
    name: str, ways: Mapping[str, Figure], repetitions: int, log: Path | None = None
) -> dict[str, list[float]]:
    """Return the figures of each way for the seeds 0, 1, ..., all ways of a seed in turn.

    Args:
        name: Of what is compared; the log tells rows apart by it and by the names of the ways.
        ways: By name.
        repetitions: Seeds.
        log: JSON lines of [name, way, seed, figure].
    """
    done: dict[tuple[str, str, int], float] = {}
    if log is not None and log.exists():
        for line in log.read_text().splitlines():
            row, way, seed, figure = json.loads(line)
            done[row, way, seed] = figure
    for seed in range(repetitions):
        for way, figure_of in ways.items():
            if (name, way, seed) in done:
                continue
            done[name, way, seed] = figure_of(seed)
            if log is not None:
                with log.open("a") as file:
                    file.write(json.dumps([name, way, seed, done[name, way, seed]]) + "\n")
    return {way: [done[name, way, seed] for seed in range(repetitions)] for way in ways}


def mean_cell(figures: Sequence[float]) -> str:
    """Return the mean with its standard error."""
    error = statistics.stdev(figures) / math.sqrt(len(figures))
    return f"{statistics.fmean(figures):.3f} ({error:.3f})"


def difference_cell(figures: Sequence[float], others: Sequence[float]) -> str:
    """Return the mean of `figures - others`, paired, with its 95 % interval by Student's t."""
    gaps = [one - other for one, other in zip(figures, others, strict=True)]
    mean, error = statistics.fmean(gaps), statistics.stdev(gaps) / math.sqrt(len(gaps))
    half = float(student.ppf(0.975, len(gaps) - 1)) * error
    return f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}]"
