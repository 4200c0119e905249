"""Scores of the networks of Table 1, and their print."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.progress import Progress
from torch import nn

from workbench.analysis.table1 import DATASETS, SCALE, TABLE1, Cell, PrintedRow, ReproducedRow
from workbench.cli.console import OUT, note, print_json, table
from workbench.cli.display import bars
from workbench.cli.image_check import check_sets
from workbench.config.data import ImageSource
from workbench.config.published import weights_hint
from workbench.data.pairs import FolderPairs
from workbench.errors import DataError
from workbench.evaluation.evaluate import evaluate
from workbench.models.complexity import count_network
from workbench.models.opening import OpenedNetwork, open_network
from workbench.results import DatasetScores
from workbench.system.numbers import signed
from workbench.training.device import prepare

COSTS = {
    "parameters_m": "params M",
    "challenge_flops_g": "FLOPs G",
    "multiply_adds_g": "true G",
}
DIGITS = {"parameters_m": 3, "ssim_rgb": 4}
"""Printed digits; two for all other quantities."""


def reproduce_table1(
    reference: Path, benchmarks: Path, device: str, threads: int
) -> list[ReproducedRow]:
    """Score every network of Table 1 on every data set that is there.

    Args:
        reference: Folder of the weights, or of a folder `weights`.
        benchmarks: Folder of the data sets.
        device: cpu or cuda.
        threads: CPU threads.

    Raises:
        WorkbenchError: If a file is there and cannot be used, or there is none at all.
    """
    place = prepare(device, threads)
    folder = reference / "weights" if (reference / "weights").is_dir() else reference
    sets = {
        name: FolderPairs(ImageSource(name=name, folder=str(benchmarks / name)), SCALE, "bicubic")
        for name in DATASETS
        if (benchmarks / name).is_dir()
    }
    check_sets(sets.values(), 2 * SCALE)
    absent = tuple(str(benchmarks / name) for name in DATASETS if name not in sets)
    rows = []
    with bars() as progress:
        for printed in TABLE1:
            path = folder / printed.weights
            if not path.is_file():
                rows.append(ReproducedRow(printed, (), (str(path), *absent)))
                continue
            network = open_network(path)
            counted = count_network(network.module).cost
            module = network.module.to(place)
            scores = [_score(printed, network, module, pairs, progress) for pairs in sets.values()]
            costs = (
                Cell("parameters_m", "", printed.parameters_m, counted.parameters / 1e6),
                Cell("challenge_flops_g", "", printed.flops_g, counted.challenge_flops / 1e9),
                Cell("multiply_adds_g", "", printed.flops_g, counted.multiply_adds / 1e9),
            )
            cells = (*costs, *(cell for s in scores for cell in _cells(printed, s)))
            rows.append(ReproducedRow(printed, cells, absent))
    if not any(row.cells for row in rows):
        first = rows[0].missing[0]
        raise DataError(
            f"nothing of the table can be computed: {first} is missing{weights_hint(Path(first))}"
        )
    return rows


def print_table1(rows: list[ReproducedRow], *, as_json: bool) -> None:
    """Print rows cell by cell: the printed figure, ours, and the difference."""
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    made = table("network", "", "printed", "here", "difference", "same", left=2, gap=1)
    for row in rows:
        title = [row.printed.team, row.printed.network]
        for label, *texts in _lines(row):
            made.add_row(title.pop(0) if title else "", label, *texts)
        made.add_section()
    OUT.print(made)
    for path in dict.fromkeys(path for row in rows for path in row.missing):
        note(f"missing: {path}{weights_hint(Path(path))}")
    note("\nPSNR dB / SSIM in RGB, x4, uint8, crop 4, LR as given or by MATLAB's bicubic")
    note("same: rounds to the printed figure")
    note("FLOPs: by the challenge's counter, at 256x256 LR px; true: all multiply-adds")


def _score(
    printed: PrintedRow,
    network: OpenedNetwork,
    module: nn.Module,
    pairs: FolderPairs,
    progress: Progress,
) -> DatasetScores:
    task = progress.add_task(f"{printed.team} {pairs.name}", total=len(pairs), remark="")

    def advance(done: int, total: int, what: str) -> None:
        progress.update(task, completed=done, total=total, remark=what)

    scores = evaluate(module, pairs, smallest_lr_px=network.smallest_lr_px, progress=advance)
    progress.remove_task(task)
    return scores


def _cells(printed: PrintedRow, scores: DatasetScores) -> Iterator[Cell]:
    mean = scores.mean()
    for quantity, figure in zip(
        ("psnr_rgb_db", "ssim_rgb"), printed.scores[scores.dataset], strict=True
    ):
        yield Cell(quantity, scores.dataset, figure, getattr(mean, quantity))


def _lines(row: ReproducedRow) -> Iterator[tuple[str, ...]]:
    """Yield label, printed, ours, difference and whether they agree."""
    if not row.cells:
        yield "weights", row.printed.weights, "missing", "", ""
    for cell in row.cells:
        if cell.quantity in COSTS:
            yield COSTS[cell.quantity], *_texts([cell])
    for name in DATASETS:
        cells = row.of_dataset(name)
        if cells:
            yield name, *_texts(cells)
        else:
            psnr_db, ssim = row.printed.scores[name]
            yield name, f"{psnr_db:.2f} / {ssim:.4f}", "missing", "", ""


def _texts(cells: Sequence[Cell]) -> tuple[str, ...]:
    texts = (
        " / ".join(_figure(cell, side) for cell in cells)
        for side in ("printed", "ours", "difference")
    )
    return *texts, "yes" if all(cell.agrees for cell in cells) else "no"


def _figure(cell: Cell, side: str) -> str:
    """Format a figure: as printed, or with two digits more, except SSIM."""
    value, digits = getattr(cell, side), DIGITS.get(cell.quantity, 2)
    if side == "printed":
        return f"{value:.{digits}f}"
    digits += 0 if cell.quantity == "ssim_rgb" else 2
    return f"{value:.{digits}f}" if side == "ours" else signed(value, digits)


def _plain(row: ReproducedRow) -> dict[str, Any]:
    return {
        "team": row.printed.team,
        "network": row.printed.network,
        "weights": row.printed.weights,
        "missing": list(row.missing),
        "cells": [
            {
                "quantity": cell.quantity,
                "dataset": cell.dataset or None,
                "printed": cell.printed,
                "here": cell.ours,
                "difference": cell.difference,
                "same": cell.agrees,
            }
            for cell in row.cells
        ],
    }
