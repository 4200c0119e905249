"""What a benchmark found, as values and as plain data."""

from dataclasses import dataclass
from typing import Any, Literal

from workbench.evaluation.latency import Latency
from workbench.experiments.bench_spec import BenchSpec

Work = Literal["training", "training in turn", "inference"]
"""A step of all lanes at a time; a step of one lane after the other; one image."""


@dataclass(frozen=True)
class BenchRow:
    """One network at one kind of work."""

    network: str
    work: Work
    form: str
    """`graph` if CUDA graphs were replayed, else `eager`."""
    time: Latency
    """Of one step of one network, or of one image."""
    images: int
    """Of one step, or 1."""
    peak_bytes: int | None
    """Most memory held by this network, all lanes together; None where it cannot be told."""
    least_bytes: int | None
    """Least traffic; None for a network that cannot be counted."""

    @property
    def images_per_s(self) -> float:
        """Images a second: patches of a training, whole images of inference."""
        return 1e3 * self.images / self.time.median_ms

    def roofline_ms(self, bytes_per_s: float) -> float | None:
        """Return the time of the least traffic at a bandwidth."""
        return None if self.least_bytes is None else 1e3 * self.least_bytes / bytes_per_s


@dataclass(frozen=True)
class Bench:
    """Everything that was measured."""

    spec: BenchSpec
    hardware: str
    torch: str
    """Version of PyTorch."""
    copy_bytes_per_s: float
    """Read and written by a large copy on the device."""
    rows: tuple[BenchRow, ...]
    """By work, then in the order of the networks."""

    def of(self, work: Work) -> tuple[BenchRow, ...]:
        """Return the rows of one kind of work."""
        return tuple(row for row in self.rows if row.work == work)

    def works(self) -> tuple[Work, ...]:
        """Return the kinds of work that were timed."""
        return tuple(dict.fromkeys(row.work for row in self.rows))


def bench_to_dict(bench: Bench) -> dict[str, Any]:
    """Return a benchmark as plain data with units in the keys, for `--json`."""
    spec = bench.spec
    size = spec.lr_size and {"lr_width_px": spec.lr_size[0], "lr_height_px": spec.lr_size[1]}
    training = spec.training and {
        "batch": spec.training.batch,
        "hr_patch_px": spec.training.hr_patch_px,
        "lanes": spec.training.lanes,
    }
    return {
        "device": spec.device,
        "hardware": bench.hardware,
        "torch": bench.torch,
        "threads": spec.threads,
        "precision": spec.precision,
        "kernels": spec.resolved_kernels(),
        "clock": spec.clock,
        "rounds": spec.rounds,
        "training": training,
        "inference": size,
        "copy_bytes_per_s": bench.copy_bytes_per_s,
        "rows": [_row_to_dict(bench, row) for row in bench.rows],
    }


def _row_to_dict(bench: Bench, row: BenchRow) -> dict[str, Any]:
    last = bench.of(row.work)[-1]
    return {
        "network": row.network,
        "work": row.work,
        "form": row.form,
        "ms": _spread(row.time.median_ms, row.time.lower_quartile_ms, row.time.upper_quartile_ms),
        "ratio_to": {"network": last.network, **_spread(*row.time.ratio(last.time))},
        "images_per_s": row.images_per_s,
        "peak_memory_bytes": row.peak_bytes,
        "least_traffic_bytes": row.least_bytes,
        "roofline_ms": row.roofline_ms(bench.copy_bytes_per_s),
    }


def _spread(median: float, lower_quartile: float, upper_quartile: float) -> dict[str, float]:
    return {"median": median, "lower_quartile": lower_quartile, "upper_quartile": upper_quartile}
