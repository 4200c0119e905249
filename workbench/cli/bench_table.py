"""The tables and the figure of `workbench bench`."""

from pathlib import Path

from workbench.cli.console import OUT, heading, note, place_text, table
from workbench.cli.inspect_table import ms_text
from workbench.experiments.bench_result import Bench, BenchRow, Work
from workbench.reporting.bench_figure import TimedWork, bench_bars
from workbench.reporting.prints import png
from workbench.system.files import write_atomically


def print_bench(bench: Bench) -> None:
    """Print a table for each kind of work, and what its numbers mean."""
    for number, work in enumerate(bench.works()):
        if number:
            OUT.print()
        OUT.print(heading(*_title(bench, work)))
        _print_work(bench, work)
    for line in _meaning(bench):
        note(line)


def draw(bench: Bench, path: Path) -> None:
    """Write the figure of a benchmark as a PNG file.

    Raises:
        StoreError: If it cannot be written.
    """
    timed = [
        TimedWork(
            f"{row.network}, {row.work}",
            row.time.median_ms,
            row.roofline_ms(bench.copy_bytes_per_s),
        )
        for row in bench.rows
    ]
    write_atomically(path, png(bench_bars(timed)))


def _title(bench: Bench, work: Work) -> tuple[str, str]:
    spec = bench.spec
    if work == "inference":
        assert spec.lr_size is not None
        return "Inference", f", one image of {spec.lr_size[0]}x{spec.lr_size[1]} LR px"
    assert spec.training is not None
    training = spec.training
    size = f"batch {training.batch}, HR patches of {training.hr_patch_px} px"
    if training.lanes == 1:
        return "Training step", f", {size}"
    how = "one after the other" if work == "training in turn" else "at a time"
    return "Training step", f" of each of {training.lanes} lanes {how}, {size}"


def _print_work(bench: Bench, work: Work) -> None:
    rows = bench.of(work)
    columns = ["network", "form", "ms", "quartiles", "images/s"]
    columns += ["MiB", "roofline ms"]
    columns += ["ratio"] if len(rows) > 1 else []
    made = table(*columns, left=2, gap=1)
    for row in rows:
        made.add_row(*_cells(bench, row, rows[-1], alone=len(rows) == 1))
    OUT.print(made)


def _cells(bench: Bench, row: BenchRow, last: BenchRow, *, alone: bool) -> list[str]:
    quartiles = (row.time.lower_quartile_ms, row.time.upper_quartile_ms)
    roofline = row.roofline_ms(bench.copy_bytes_per_s)
    cells = [row.network, row.form, ms_text(row.time.median_ms)]
    cells += [f"[{', '.join(map(ms_text, quartiles))}]", f"{row.images_per_s:.3g}"]
    cells.append("-" if row.peak_bytes is None else f"{row.peak_bytes / 2**20:,.0f}")
    cells.append("-" if roofline is None else f"{roofline:.3g}")
    if not alone:
        cells.append(f"{row.time.ratio(last.time)[0]:.2f}")
    return cells


def _meaning(bench: Bench) -> list[str]:
    spec = bench.spec
    clock = "CPU time of this process" if spec.clock == "process" else "wall-clock time"
    rounds = "1 round" if spec.rounds == 1 else f"{spec.rounds} interleaved rounds"
    place = place_text(spec.device, spec.threads)
    lines = [
        f"{clock}, median of {rounds} on {place}, {spec.precision}, "
        f"{spec.resolved_kernels()} kernels: {bench.hardware}, PyTorch {bench.torch}"
    ]
    if spec.training is not None:
        lines.append(
            "training step: crops, forward, L1 loss, backward, Adam, average; ms a network and step"
        )
    held = "held by PyTorch" if spec.device != "cpu" else "of this process"
    lines.append(f"MiB: most memory {held} beyond that before; of all lanes together")
    last = bench.rows[-1].network
    if any(row.network != last for row in bench.rows):
        lines.append(f"ratio: to {last}, median of those of each round")
    lines.append(
        "roofline: parameters and outputs of convolutions once forward, in training twice more "
        f"backward, at the measured copy bandwidth of {bench.copy_bytes_per_s / 1e9:.3g} GB/s"
    )
    return lines
