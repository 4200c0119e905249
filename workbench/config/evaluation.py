"""What a trained network is scored on."""

from typing import Literal

from pydantic import Field, field_validator

from workbench.config.base import Frozen
from workbench.config.bounds import MOST_TILE_PX
from workbench.config.data import EMBEDDED_VALIDATION, Degradation, ImageSource, names_differ

InferencePrecision = Literal["fp32", "tf32", "bf16", "fp16"]
"""What a finished network computes in. fp32 is true float32, without TF32. tf32 lets products and
convolutions round their inputs to TF32. In bf16 and fp16, weights and feature maps are halved."""


class EvaluationConfig(Frozen):
    """Benchmark sets and how the network is run on them.

    The rest of the protocol is fixed (protocol of MDRN and BasicSR): uint8 after clamping and
    rounding, `scale` px cropped on each side, PSNR and SSIM in RGB and in Y, mean over images.
    """

    benchmarks: tuple[ImageSource, ...] = Field(
        default=(ImageSource(name="embedded", folder=EMBEDDED_VALIDATION),), min_length=1
    )
    """Sets that the final weights are scored on, each on its own."""
    degradation: Degradation = "bicubic"
    """Used where a benchmark has no LR images of its own."""
    tile_lr_px: int | None = Field(default=None, ge=1, le=MOST_TILE_PX)
    """Side of the tiles for images that do not fit in memory; None runs whole images."""
    tile_overlap_lr_px: int = Field(default=32, ge=0, le=MOST_TILE_PX)
    """Tile overlap in LR px on each inner side; without effect if `tile_lr_px` is None."""

    @field_validator("benchmarks")
    @classmethod
    def _names_differ(cls, sources: tuple[ImageSource, ...]) -> tuple[ImageSource, ...]:
        return names_differ(sources)
