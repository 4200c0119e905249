"""Networks as files that run without the workbench."""

import copy
from pathlib import Path
from typing import Literal

from torch import nn

from workbench.api.networks import opened_network
from workbench.errors import ConfigError, nearest
from workbench.experiments.model_export import SUFFIXES, ExportedModel, export_file
from workbench.experiments.model_sources import ModelSource
from workbench.models.exports.onnx_file import DTYPES
from workbench.models.opening import OpenedNetwork


def export_model(
    network: nn.Module,
    path: str | Path,
    format: Literal["onnx", "torchscript"] = "onnx",  # noqa: A002 (as the command's option)
    *,
    precision: Literal["fp32", "fp16"] = "fp32",
    overwrite: bool = False,
) -> ExportedModel:
    """Export a network as an ONNX or a TorchScript file.

    The file is run at four sizes first, and written only if it gives the output of PyTorch: to the
    bit as TorchScript, to rounding as ONNX.

    Args:
        network: Of `build` or `load`, or any `torch.nn.Module` of (N, 3, h, w) to
            (N, 3, scale * h, scale * w), RGB in 0..1; it is left as it is.
        path: The file.
        format: `onnx`, which needs the extra `onnx`, or `torchscript`; both take any batch, height
            and width.
        precision: What an ONNX file computes in, takes and gives.
        overwrite: Whether a file that is there may be replaced.

    Returns:
        `path`, `size_bytes`, `largest_difference` from PyTorch in fp32, and the `metadata` that is
        in the file.

    Raises:
        ConfigError: For an unknown format or precision, or a file that is there.
        ExportError: If a library is missing, the format cannot hold the network, or the file would
            give another output, or one that is infinite or not a number.
        ForeignCodeError: If a module of the caller's does not enlarge RGB images.
        StoreError: If the file cannot be written.

    Example:
        >>> wb.export_model(wb.load("mdrn-s.pth"), "mdrn-s.onnx").metadata["scale"]
        '4'
    """
    for name, value, known in (
        ("format", format, SUFFIXES),
        ("precision", precision, DTYPES),
    ):
        if value not in known:
            raise ConfigError(f"unknown {name} {value!r}; {nearest(str(value), known)}")
    opened = opened_network(network)
    module = copy.deepcopy(opened.module).cpu().float().eval()
    on_cpu = OpenedNetwork(opened.name, module, opened.scale, opened.smallest_lr_px, opened.origin)
    source = ModelSource(on_cpu, Path(path).stem)
    return export_file(source, Path(path), format, precision, replace=overwrite)
