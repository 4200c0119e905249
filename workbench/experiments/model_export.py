"""Networks written in formats that run without the workbench, each checked before it is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from workbench import __version__
from workbench.errors import ConfigError
from workbench.experiments.model_sources import ModelSource
from workbench.models.checkpoints import weights_hash
from workbench.models.exports.onnx_file import OPSET, Precision, check_libraries, onnx_file
from workbench.models.exports.torchscript_file import torchscript_file
from workbench.system.events import Emit, Note, ignore
from workbench.system.files import write_atomically
from workbench.system.global_state import stdout_to_stderr

FileFormat = Literal["onnx", "torchscript"]

SUFFIXES: dict[FileFormat, str] = {"onnx": ".onnx", "torchscript": ".pt"}


@dataclass(frozen=True)
class ExportedModel:
    """A file that was written."""

    path: Path
    format: FileFormat
    precision: Precision
    largest_difference: float
    """From PyTorch's output in fp32, of one value in 0..1, over images of four sizes."""
    size_bytes: int
    metadata: dict[str, str]
    """What the file says of its network."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, with units in the keys."""
        return {
            "path": str(self.path),
            "format": self.format,
            "precision": self.precision,
            "largest_difference": self.largest_difference,
            "size_bytes": self.size_bytes,
            "metadata": self.metadata,
        }


def export_file(
    source: ModelSource,
    out: Path | None,
    file_format: FileFormat,
    precision: Precision = "fp32",
    *,
    replace: bool = False,
    emit: Emit = ignore,
) -> ExportedModel:
    """Write a network as an ONNX or a TorchScript file, if it passes its check.

    Args:
        source: The network.
        out: The file; None is one in the working directory, called as the network.
        file_format: `onnx`, with dynamic batch, height and width, or `torchscript`.
        precision: `fp16` for ONNX only.
        replace: Whether a file that is there may be replaced.
        emit: Gets a note if the weights are untrained.

    Raises:
        ConfigError: If the file is there, or the precision does not belong to the format.
        ExportError: If a library is missing, the format cannot hold the network, or the file gives
            another output.
        StoreError: If the file cannot be written.
    """
    target = out or Path(f"{source.stem}{SUFFIXES[file_format]}")
    if target.is_dir():
        raise ConfigError(f"--out must be a file, got the folder {target}")
    if target.exists() and not replace:
        raise ConfigError(f"{target}: is there already; choose another --out or add --overwrite")
    if file_format != "onnx" and precision != "fp32":
        raise ConfigError(f"--precision {precision} is for --format onnx only")
    if file_format == "onnx":
        check_libraries()
    say_untrained(source, emit)
    metadata = describe(source, precision)
    with stdout_to_stderr():  # networks of one's own may print
        if file_format == "onnx":
            metadata["opset"] = str(OPSET)
            content, difference = onnx_file(source.network, metadata, precision)
        else:
            content, difference = torchscript_file(source.network, metadata), 0.0
    write_atomically(target, content)
    return ExportedModel(target, file_format, precision, difference, len(content), metadata)


def describe(source: ModelSource, precision: Precision = "fp32") -> dict[str, str]:
    """Return what a file says of its network: names and texts."""
    network = source.network
    known = {
        "network": network.origin,
        "name": network.name,
        "scale": str(network.scale),
        "value_range": "0..1",
        "channels": "RGB",
        "smallest_lr_px": str(network.smallest_lr_px),
        "precision": precision,
        "weights_hash": weights_hash(network.module.state_dict()),
        "workbench": __version__,
    }
    return known if source.key is None else known | {"key": source.key}


def say_untrained(source: ModelSource, emit: Emit) -> None:
    """Note that the weights of a network are random."""
    if not source.is_trained:
        emit(Note(f"{source.network.name}: untrained weights, for costs and times only"))
