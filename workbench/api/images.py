"""Images of the caller's, as networks take them, and back: NumPy arrays and Pillow images."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.errors import DataError

ImageLike = TypeVar("ImageLike", NDArray[Any], Image.Image)
"""A NumPy array (height, width, 3), or a Pillow image; a function that takes one returns one."""


def to_values(image: object) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Return RGB (height, width, 3), uint8 in 0..255 or float32 in 0..1.

    Args:
        image: A Pillow image of mode RGB or L, or an array (height, width, 3): uint8 in 0..255, or
            float16, float32 or float64 in 0..1.

    Raises:
        DataError: For anything else, naming what was given.
    """
    if isinstance(image, Image.Image):
        return _of_pillow(image)
    if not isinstance(image, np.ndarray):
        given = type(image).__name__
        raise DataError(f"the image must be a NumPy array or a Pillow image, got {given}")
    if image.ndim != 3 or image.shape[2] != 3:
        raise DataError(f"the image must be of shape (height, width, 3), got {image.shape}")
    if image.dtype == np.uint8:
        whole: NDArray[np.uint8] = image
        return whole
    if not np.issubdtype(image.dtype, np.floating):
        raise DataError(
            f"the image must be uint8 in 0..255 or floating point in 0..1, got {image.dtype}"
        )
    values: NDArray[np.float32] = image.astype(np.float32)
    if values.size and not (values.min() >= 0 and values.max() <= 1):  # also refuses NaN
        low, high = float(values.min()), float(values.max())
        raise DataError(
            f"a floating point image must lie in 0..1, got {low:g}..{high:g}; "
            "divide values of 0..255 by 255"
        )
    return values


def as_given(values: NDArray[np.float32], image: ImageLike) -> ImageLike:
    """Return an enlarged image as the kind of the image that it was made of.

    Args:
        values: RGB (height, width, 3) in 0..1.
        image: What was enlarged; uint8 and Pillow get values rounded to 0..255.
    """
    if isinstance(image, np.ndarray) and image.dtype != np.uint8:
        return values.astype(image.dtype)
    rounded = (values * 255).round().astype(np.uint8)
    return Image.fromarray(rounded) if isinstance(image, Image.Image) else rounded


def _of_pillow(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode not in ("RGB", "L"):
        hint = "; workbench upscale keeps transparency" if "A" in image.mode else ""
        raise DataError(
            f"a Pillow image must be of mode RGB or L, got {image.mode}; "
            f"use image.convert('RGB'){hint}"
        )
    return np.asarray(image.convert("RGB"))
