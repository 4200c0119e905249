"""Networks as files that run without the workbench."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Literal

from torch import nn

from workbench.api.networks import opened_network
from workbench.errors import ConfigError, nearest
from workbench.experiments.model_export import SUFFIXES, ExportedModel, export_file
from workbench.experiments.model_sources import ModelSource
from workbench.experiments.ntire_folder import NtireEntry, NtireFolder
from workbench.experiments.ntire_folder import export_ntire as run_export
from workbench.models.exports.onnx_file import DTYPES


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
    source = _source(network, Path(path).stem)
    return export_file(source, Path(path), format, precision, replace=overwrite)


def export_ntire(
    network: nn.Module,
    folder: str | Path,
    *,
    team: int = 0,
    name: str | None = None,
    lr: str | Path | None = None,
    extra_data: bool = False,
) -> NtireFolder:
    """Export a network as the folder of an entry to the NTIRE challenge on efficient SR.

    The folder holds one model file that imports nothing but PyTorch, the weights, a README that
    says how the challenge's repository takes them, and the images of `lr`, enlarged. The model
    file gives the output of the network to the bit on a CPU, which is checked first.

    Args:
        network: Of `build` or `load`: of the line IMDN, RFDN, BSRN, MDRN, or MobileSR.
        folder: Absent or empty.
        team: Number that the challenge has given, 0..99.
        name: Of the network's class and files; None is what the field calls it.
        lr: Folder of LR images; None writes no result images.
        extra_data: Whether the network was trained on images that the challenge does not provide.

    Returns:
        `path`, `name`, the number of result `images`, and `runtime_s` for one of them on one CPU
        thread.

    Raises:
        ConfigError: If `team`, `name`, `lr` or `folder` cannot be used.
        DataError: If the LR images cannot be used.
        ExportError: If the network has code of its own, or its file would give another output.
        StoreError: If the folder cannot be written.

    Example:
        >>> wb.export_ntire(wb.load("mdrn-s.pth"), "entry", team=7).name
        'MDRN_S'
    """
    entry = NtireEntry(team, name, None if lr is None else Path(lr), extra_data)
    return run_export(_source(network, Path(folder).name), Path(folder), entry)


def _source(network: nn.Module, stem: str) -> ModelSource:
    """Return a copy of a network that an export may change, on the CPU in float32."""
    opened = opened_network(network)
    module = copy.deepcopy(opened.module).cpu().float().eval()
    return ModelSource(replace(opened, module=module), stem)
