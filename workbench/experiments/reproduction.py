"""Published tables computed again from the published weights: the factsheet's Table 1."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.analysis.table1 import DATASETS, SCALE, TABLE1, Cell, PrintedRow, ReproducedRow
from workbench.config.data import ImageSource
from workbench.config.published import weights_hint
from workbench.data.pairs import FolderPairs
from workbench.errors import DataError
from workbench.evaluation.devices import inference_on, open_device, place_network
from workbench.experiments.scoring import check_sets, score_network
from workbench.models.complexity import count_network
from workbench.models.opening import open_network
from workbench.results import Cost, DatasetScores
from workbench.system.events import Emit, ignore


def reproduce_table1(
    reference: Path,
    benchmarks: Path,
    device: str = "cpu",
    threads: int = 1,
    emit: Emit = ignore,
) -> list[ReproducedRow]:
    """Score every network of Table 1 on every data set that is there.

    Args:
        reference: Folder of the published weights, or of a folder `weights` that holds them.
        benchmarks: Folder with Set5, Set14, Urban100, BSDS100, Manga109, or some of them.
        device: `cpu`, `cuda` or `cuda:N`.
        threads: CPU threads.
        emit: Gets progress.

    Returns:
        The rows of the table in its order; each names the files and folders that were missing.

    Raises:
        DataError: If an image cannot be used, or if no cell at all can be computed.
        CheckpointError: If a weights file is there and cannot be used.
        ConfigError: If the device does not exist.
    """
    place = open_device(device)
    folder = reference / "weights" if (reference / "weights").is_dir() else reference
    sets = {
        name: FolderPairs(ImageSource(name=name, folder=str(benchmarks / name)), SCALE, "bicubic")
        for name in DATASETS
        if (benchmarks / name).is_dir()
    }
    check_sets(list(sets.values()), emit)
    absent = tuple(str(benchmarks / name) for name in DATASETS if name not in sets)
    rows = []
    for printed in TABLE1:
        path = folder / printed.weights
        if not path.is_file():
            rows.append(ReproducedRow(printed, (), (str(path), *absent)))
            continue
        network = open_network(path)
        cells = _cost_cells(printed, count_network(network.module).cost)
        module = place_network(network.module, place, "fp32")
        with inference_on(place, threads, "fp32"):
            for images in sets.values():
                scores = score_network(network, module, images, emit, title=printed.team)
                cells += _score_cells(printed, scores)
        rows.append(ReproducedRow(printed, tuple(cells), absent))
    if not any(row.cells for row in rows):
        first = rows[0].missing[0]
        raise DataError(
            f"nothing of the table can be computed: {first} is missing{weights_hint(Path(first))}"
        )
    return rows


def row_to_dict(row: ReproducedRow) -> dict[str, Any]:
    """Return a row as plain data, for `--json`."""
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


def _cost_cells(printed: PrintedRow, cost: Cost) -> list[Cell]:
    return [
        Cell("parameters_m", "", printed.parameters_m, cost.parameters / 1e6),
        Cell("challenge_flops_g", "", printed.flops_g, cost.challenge_flops / 1e9),
        Cell("multiply_adds_g", "", printed.flops_g, cost.multiply_adds / 1e9),
    ]


def _score_cells(printed: PrintedRow, scores: DatasetScores) -> Iterator[Cell]:
    mean = scores.mean()
    for quantity, figure in zip(
        ("psnr_rgb_db", "ssim_rgb"), printed.scores[scores.dataset], strict=True
    ):
        yield Cell(quantity, scores.dataset, figure, getattr(mean, quantity))
