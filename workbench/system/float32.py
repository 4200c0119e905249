"""Whether products and convolutions in float32 may round their inputs to TF32: process-wide."""

import warnings
from typing import Any, NamedTuple

import torch


class Float32(NamedTuple):
    """The settings: `ieee` is true float32, `tf32` is TF32, `none` leaves it to PyTorch."""

    products: str
    convolutions: str


TRUE, TF32 = Float32("ieee", "ieee"), Float32("tf32", "tf32")


def float32() -> Float32:
    """Return the settings as they are."""
    convolutions: Any = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    return Float32(torch.backends.cuda.matmul.fp32_precision, convolutions.fp32_precision)


def set_float32(settings: Float32) -> None:
    """Set them; on a CPU they have no effect."""
    cudnn: Any = torch.backends.cudnn
    products: Any = torch.backends.cuda.matmul
    with warnings.catch_warnings():
        # PyTorch's exporter reads the flags of its former interface, and fails where they differ.
        warnings.filterwarnings("ignore", message="Please use the new API settings")
        products.allow_tf32 = settings.products == "tf32"
        cudnn.allow_tf32 = settings.convolutions == "tf32"
    products.fp32_precision = settings.products
    cudnn.conv.fp32_precision = cudnn.rnn.fp32_precision = settings.convolutions
