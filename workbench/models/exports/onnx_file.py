"""ONNX files with dynamic batch, height and width, checked in ONNX Runtime.

Source: PyTorch's exporter on top of `torch.export`. The older one, which traces, knows no `unfold`
of dynamic size, which L-var needs.
"""

import copy
import importlib.util
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any, Literal

import torch
from torch import Tensor, nn

from workbench.errors import ExportError, WorkbenchError, own_failure
from workbench.models.exports.checking import Run, check_images, largest_difference
from workbench.models.opening import OpenedNetwork
from workbench.models.state_files import one_line

OPSET = 18
"""Version of ONNX's operators; runtimes since 2023 have it."""

Precision = Literal["fp32", "fp16"]

DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "fp16": torch.float16}
MOST_DIFFERENCE = 5e-4
"""Of one value in 0..1 in fp32: an eighth of a grey level, on noise that no photograph has."""
MOST_TIMES = 4.0
"""How many times as far from fp32 as PyTorch in fp16 the file may be in fp16."""
LIBRARIES = ("onnx", "onnxruntime", "onnxscript")


def check_libraries() -> None:
    """Refuse to begin where a library is missing.

    Raises:
        ExportError: Saying what to install.
    """
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"the format onnx needs {', '.join(missing)}: pip install 'mdrn-workbench[onnx]'"
        )


def onnx_file(
    network: OpenedNetwork, metadata: Mapping[str, str], precision: Precision = "fp32"
) -> tuple[bytes, float]:
    """Export a network, and compare it with PyTorch's output in ONNX Runtime on the CPU.

    Args:
        network: On the CPU, in evaluation mode and float32.
        metadata: Written into the file beside its graph.
        precision: Of weights, input, feature maps and output. Second moments stay in float32.

    Returns:
        The content of the file, whose input `lr` is (batch, 3, height, width) and whose output
        `hr` is (batch, 3, scale * height, scale * width), both RGB in 0..1; and the largest
        difference from PyTorch in float32 over images of four sizes.

    Raises:
        ExportError: If a library is missing, if the network cannot be exported, or if the file or,
            in fp16, PyTorch gives another output, or one that is infinite or not a number.
    """
    check_libraries()
    module, dtype = network.module, DTYPES[precision]
    images = check_images(network.smallest_lr_px, dtype)
    most = MOST_DIFFERENCE
    if precision == "fp16":
        module = copy.deepcopy(module).half()
        what = f"{network.name} in fp16"
        most += MOST_TIMES * largest_difference(
            network.module, _half_run(module, what), images, what
        )
    content = _exported(module, network, metadata, dtype)
    what = f"{network.name} as ONNX in {precision}"
    largest = largest_difference(network.module, _session(content, what), images, what)
    if largest > most:
        raise ExportError(
            f"{what}: its output must be within {most:.1g} of PyTorch's in fp32, "
            f"differs by {largest:.2g}"
        )
    return content, largest


def _half_run(module: nn.Module, what: str) -> Run:
    """Return a function that runs a network in half precision in PyTorch."""

    def run(image: Tensor) -> Tensor:
        with _refused(f"{what} cannot be run by PyTorch"):
            out: Tensor = module(image)
        return out

    return run


def _exported(
    module: nn.Module, network: OpenedNetwork, metadata: Mapping[str, str], dtype: torch.dtype
) -> bytes:
    side = network.smallest_lr_px + 17
    # Sizes of the example are taken as constants where they are 0 or 1, or equal.
    example = torch.rand(2, 3, side, side + 8, dtype=dtype)
    dynamic = torch.export.Dim.DYNAMIC
    with _refused(f"{network.name} cannot be exported to ONNX"), _quiet():
        program: Any = torch.onnx.export(
            module,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["lr"],
            output_names=["hr"],
            dynamic_shapes=({0: dynamic, 2: dynamic, 3: dynamic},),
            verbose=False,
        )
        model = program.model_proto
    _name_sizes(model)
    _drop_traces(model)
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    content: bytes = model.SerializeToString()
    return content


def _name_sizes(model: Any) -> None:
    """Name the dynamic sizes of input and output."""
    for value, names in (
        (model.graph.input[0], ("batch", "height", "width")),
        (model.graph.output[0], ("batch", "scaled_height", "scaled_width")),
    ):
        sizes = value.type.tensor_type.shape.dim
        for place, name in zip((0, 2, 3), names, strict=True):
            sizes[place].dim_param = name


def _drop_traces(model: Any) -> None:
    """Drop what the exporter notes of each node: lines of source and paths of this machine."""
    graph = model.graph
    del graph.value_info[:]
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")


def _session(content: bytes, what: str) -> Run:
    """Return a function that runs an ONNX file on one thread of the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    with _refused(f"{what} cannot be opened by ONNX Runtime"):
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(image: Tensor) -> Tensor:
        with _refused(f"{what} cannot be run by ONNX Runtime"):
            (output,) = session.run(["hr"], {"lr": image.numpy()})
        return torch.from_numpy(output)

    return run


@contextmanager
def _refused(what: str) -> Iterator[None]:
    """Turn whatever a library raises into one line.

    Raises:
        ExportError: Saying what could not be done, and why.
    """
    try:
        yield
    except WorkbenchError:
        raise
    except (Exception, SystemExit) as error:  # networks of the user's own raise what they like
        cause = error.__cause__ or error  # the exporter's own text is long advice
        raise ExportError(f"{what}: {own_failure(cause) or one_line(cause)}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's progress, warnings and log off the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
