"""The table of `workbench reproduce`: printed figures beside ours."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.analysis.table1 import DATASETS, Cell, ReproducedRow
from workbench.cli.console import OUT, note, print_json, table
from workbench.config.published import weights_hint
from workbench.experiments.reproduction import row_to_dict
from workbench.system.numbers import signed

COSTS = {
    "parameters_m": "params M",
    "challenge_flops_g": "FLOPs G",
    "multiply_adds_g": "true G",
}
DIGITS = {"parameters_m": 3, "ssim_rgb": 4}
"""Printed digits; two for all other quantities."""


def print_table1(rows: list[ReproducedRow], *, as_json: bool) -> None:
    """Print rows cell by cell: the printed figure, ours, and the difference."""
    if as_json:
        print_json([row_to_dict(row) for row in rows])
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
