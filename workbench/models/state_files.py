"""Names and tensors out of files of other people, without running code from them.

A file is refused in one line where its content cannot be weights: code, no tensors, tensors without
values of their own, values that are infinite or not numbers. What it takes to read it is bounded by
the size of the file.
"""

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from workbench.config.published import weights_hint
from workbench.errors import CheckpointError
from workbench.system.digests import DamagedError, check_safetensors

STATE_KEYS = ("params_ema", "params", "net", "state_dict")
"""Under which published files keep their state dict, the best first."""
MOST_TENSORS = 100_000
ARCHIVE = b"PK"
"""How the files of PyTorch begin since 1.6."""


def is_safetensors(path: Path) -> bool:
    """Tell whether a weights file is a safetensors file.

    Raises:
        CheckpointError: If there is no such file, or it cannot be read.
    """
    if path.exists() and not path.is_file():
        raise CheckpointError(f"{path}: is no weights file but a folder or device")
    if not path.is_file():
        raise CheckpointError(f"{path}: no such weights file{weights_hint(path)}")
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    if not start:
        raise CheckpointError(f"{path}: is empty")
    return start[8:] == b"{"  # eight bytes of header length, then a JSON object


def read_state(path: Path) -> dict[str, Tensor]:
    """Read names and tensors of a safetensors or PyTorch file, on the CPU.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    return safetensors_state(path)[0] if is_safetensors(path) else published_state(path)


def safetensors_state(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors and the metadata of a safetensors file, on the CPU.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, AttributeError) as error:
        reason = one_line(error)
        raise CheckpointError(f"{path}: not a readable safetensors file ({reason})") from None
    try:
        check_safetensors(path.read_bytes())
    except DamagedError as damage:
        raise CheckpointError(f"{path}: damaged ({damage}); it is not used") from None
    _check_tensors(state, path)
    return state, metadata


def published_state(path: Path) -> dict[str, Tensor]:
    """Read the state dict out of a PyTorch file, on the CPU and without running code.

    Raises:
        CheckpointError: Naming the file and why it cannot be used.
    """
    _check_archive(path)
    try:
        with warnings.catch_warnings():  # PyTorch's advice is about its own functions
            warnings.simplefilter("ignore")
            content: object = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 (torch.load raises whatever a broken file causes)
        raise CheckpointError(f"{path}: {_refusal(error, path)}") from None
    for key in STATE_KEYS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        raise CheckpointError(f"{path}: holds no state dict (names and tensors)")
    _check_tensors(content, path)
    return dict(content)


def misfits(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str | None:
    """Say in which way tensors do not fit those that are wanted; None if all fit.

    Args:
        wanted: Of the network, on any device; only names, shapes and kinds are looked at.
        state: What a file holds.
    """
    problems = [f"the tensor {name!r} is missing" for name in wanted if name not in state]
    for name, tensor in state.items():
        if name not in wanted:
            problems.append(f"the tensor {name!r} is left over")
            continue
        shape, found = tuple(wanted[name].shape), tuple(tensor.shape)
        if shape != found:
            problems.append(f"the tensor {name!r} must have the shape {shape}, got {found}")
        elif _kind(wanted[name]) != _kind(tensor):
            problems.append(
                f"the tensor {name!r} must hold {_kind(wanted[name])}, got {_dtype(tensor)}"
            )
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]}{more}" if problems else None


def one_line(error: BaseException) -> str:
    """Return an error's text on one line, without colours and cut at a word."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:160].rpartition(' ')[0]} ..."


def _check_archive(path: Path) -> None:
    """Refuse an archive whose parts are larger than the file: PyTorch compresses nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # an older file, or a damaged one, which PyTorch refuses
    size = path.stat().st_size
    if sum(part.file_size for part in parts) > size:
        raise CheckpointError(
            f"{path}: its parts unpack to more than the file's {size:,} bytes; "
            "PyTorch's own files are not compressed"
        )


def _refusal(error: Exception, path: Path) -> str:
    """Say why PyTorch did not read a file; its own text is long advice about its functions."""
    code = re.search(r"(?:Unsupported global: GLOBAL|global) ([\w.]+)", str(error))
    if isinstance(error, pickle.UnpicklingError) and code:
        return (
            f"holds code ({code[1]}), which is never run; "
            "save names and tensors alone, by torch.save(model.state_dict(), FILE)"
        )
    with path.open("rb") as file:
        start = file.read(len(ARCHIVE))
    if start == ARCHIVE:
        return "not a weights file, or one that was cut short"
    if start.startswith(pickle.PROTO):
        return "not a weights file, or one that holds code, which is never run"
    return "not a weights file: neither safetensors nor a state dict of PyTorch"


def _check_tensors(state: Mapping[str, Any], path: Path) -> None:
    """Refuse tensors that no weights can be.

    Raises:
        CheckpointError: Naming the file and the tensor.
    """
    if not state:
        raise CheckpointError(f"{path}: holds no tensors")
    if len(state) > MOST_TENSORS:
        raise CheckpointError(
            f"{path}: must hold at most {MOST_TENSORS:,} tensors, got {len(state):,}"
        )
    for name, tensor in state.items():
        problem = _problem(tensor)
        if problem:
            raise CheckpointError(f"{path}: the tensor {name[:100]!r} {problem}")


def _problem(tensor: Tensor) -> str | None:
    if tensor.is_meta:
        return "has a shape but no values"
    if tensor.layout is not torch.strided or tensor.is_quantized:
        return f"must be dense, got {'a quantised' if tensor.is_quantized else _layout(tensor)} one"
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        return f"of the shape {tuple(tensor.shape)} has fewer values of its own than it shows"
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
        return "holds values that are infinite or not numbers"
    return None


def _layout(tensor: Tensor) -> str:
    return f"a {str(tensor.layout).removeprefix('torch.')}"


def _kind(tensor: Tensor) -> str:
    if tensor.is_complex():
        return "complex numbers"
    return "floating-point numbers" if tensor.is_floating_point() else "integers"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
