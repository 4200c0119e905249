"""The factsheet's Table 1, as printed, and how far other figures are from it. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass

DATASETS = ("Set5", "Set14", "Urban100", "BSDS100", "Manga109")
SCALE = 4
HALF_DIGIT = {
    "parameters_m": 5e-4,
    "multiply_adds_g": 5e-3,
    "challenge_flops_g": 5e-3,
    "psnr_rgb_db": 5e-3,
    "ssim_rgb": 5e-5,
}
"""Half a unit of the last printed digit."""
NOISE = 1e-5
"""What float32 may add to a figure that lies on the edge between two printed ones."""


@dataclass(frozen=True)
class PrintedRow:
    """One row as printed. PSNR in dB and SSIM on the RGB channels."""

    team: str
    network: str
    weights: str
    """File of the published weights."""
    parameters_m: float
    flops_g: float
    scores: Mapping[str, tuple[float, float]]
    """By data set: PSNR in dB, SSIM."""


def _scores(*cells: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return dict(zip(DATASETS, cells, strict=True))


TABLE1 = (
    PrintedRow(
        *("NEESR", "EFDN", "team05_efdn.pt", 0.272, 16.86),
        _scores(
            *((29.95, 0.8596), (26.61, 0.7378), (24.24, 0.7524)),
            *((26.15, 0.7090), (27.97, 0.8694)),
        ),
    ),
    PrintedRow(
        *("NJUST_ESR", "MobileSR", "team20_mobilesr.pth", 0.176, 8.73),
        _scores(
            *((30.14, 0.8625), (26.78, 0.7427), (24.50, 0.7605)),
            *((26.23, 0.7119), (28.50, 0.8786)),
        ),
    ),
    PrintedRow(
        *("Xpixel", "BSRN", "team18_bsrn.pth", 0.156, 9.50),
        _scores(
            *((30.10, 0.8616), (26.78, 0.7421), (24.49, 0.7600)),
            *((26.20, 0.7110), (28.53, 0.8766)),
        ),
    ),
    PrintedRow(
        *("TelunXupt", "MDRN-S", "mdrn-s.pth", 0.095, 5.58),
        _scores(
            *((30.15, 0.8617), (26.78, 0.7422), (24.56, 0.7623)),
            *((26.22, 0.7115), (28.58, 0.8770)),
        ),
    ),
)
"""Factsheet, Table 1, in its order; its columns are `DATASETS`."""


@dataclass(frozen=True)
class Cell:
    """One printed figure beside ours."""

    quantity: str
    """A key of `HALF_DIGIT`."""
    dataset: str
    """Empty for costs."""
    printed: float
    ours: float

    @property
    def difference(self) -> float:
        """Ours minus printed."""
        return self.ours - self.printed

    @property
    def agrees(self) -> bool:
        """Whether ours, rounded like the printed figure, is the printed figure."""
        return abs(self.difference) <= HALF_DIGIT[self.quantity] + NOISE


@dataclass(frozen=True)
class ReproducedRow:
    """A printed row with the cells that could be computed, and what was missing for the others."""

    printed: PrintedRow
    cells: tuple[Cell, ...]
    """The printed FLOPs are there twice: beside true multiply-adds, and beside the figure of the
    challenge's own counter."""
    missing: tuple[str, ...]
    """Files and folders that were not there."""

    def of_dataset(self, name: str) -> tuple[Cell, ...]:
        """Return the cells of a data set, PSNR first; none if it could not be scored."""
        return tuple(cell for cell in self.cells if cell.dataset == name)
