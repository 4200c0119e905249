"""Where images come from and how low resolution is made from them."""

from typing import Literal

from pydantic import Field, field_validator

from workbench.config.base import Frozen

Degradation = Literal["bicubic", "bicubic-uint8"]
"""How missing LR images are made from HR, both as MATLAB's imresize does it.

`bicubic`: floating point, rounded once at the end (MDRN's and BasicSR's benchmark files).
`bicubic-uint8`: rounded after each dimension (EDSR's and RCAN's benchmark files).
"""

EMBEDDED_TRAINING = "embedded:training"
EMBEDDED_VALIDATION = "embedded:validation"
EMBEDDED_TILES = "embedded:tiles"


class ImageSource(Frozen):
    """A named set of HR images, with or without the LR images that belong to them."""

    name: str = Field(min_length=1)
    """How tables and recipes call it, such as `DIV2K` or `Set5`."""
    folder: str = Field(min_length=1)
    """A folder of HR images, or one that holds `HR` and perhaps `X2`, `X3`, `X4`; or one of
    `embedded:training`, `embedded:validation` and `embedded:tiles` (the validation photographs as
    18 tiles), photographs that ship with scikit-image."""


def names_differ(sources: tuple[ImageSource, ...]) -> tuple[ImageSource, ...]:
    """Refuse two image sources of one name.

    Raises:
        ValueError: Naming the name that occurs twice.
    """
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"names must differ, got {name!r} twice; write NAME=FOLDER")
    return sources


class DataConfig(Frozen):
    """Training and validation images."""

    training: tuple[ImageSource, ...] = Field(
        default=(ImageSource(name="embedded", folder=EMBEDDED_TRAINING),), min_length=1
    )
    """Images that crops are taken from; a stage may use a part of them (`stages.N.sources`)."""
    validation: ImageSource = ImageSource(name="embedded", folder=EMBEDDED_VALIDATION)
    """Images for the scores during training (learning curves, early stopping)."""
    degradation: Degradation = "bicubic"
    """Used where a source has no LR images of its own."""

    @field_validator("training")
    @classmethod
    def _names_differ(cls, sources: tuple[ImageSource, ...]) -> tuple[ImageSource, ...]:
        return names_differ(sources)
