"""Where a trial runs: device, threads, streams, precision, determinism."""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor

from workbench.config.bounds import MOST_THREADS
from workbench.config.training import Precision, TrainingConfig
from workbench.errors import ConfigError
from workbench.system.float32 import TF32, TRUE, set_float32

DEVICES = ("cpu", "cuda")

_EXCLUSIVE = threading.RLock()


def prepare(device: str, threads: int) -> torch.device:
    """Set this process up: the threads, and on CUDA true float32 and deterministic algorithms.

    Threads are part of a result's last digits, so they never come from the environment.

    Raises:
        ConfigError: If the device is unknown, or CUDA and there is none, or for too many threads.
    """
    if device not in DEVICES:
        raise ConfigError(f"the device must be cpu or cuda, got {device!r}")
    if not 1 <= threads <= MOST_THREADS:
        raise ConfigError(f"threads must lie in 1..{MOST_THREADS:,}, got {threads}")
    torch.set_num_threads(threads)
    if device == "cuda":
        # cuBLAS reads it when CUDA starts: without it, products on several streams may differ.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        if not torch.cuda.is_available():
            raise ConfigError("PyTorch sees no CUDA device on this machine, got 'cuda'; use cpu")
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
        set_float32(TRUE)
    return torch.device(device)


@contextmanager
def exclusive(device: torch.device) -> Iterator[None]:
    """Let no other training of this process allocate on the device meanwhile; nothing on a CPU.

    While a CUDA graph is captured, nothing else may allocate. So all that a training does on the
    device happens inside this block, except replays and copies between buffers that exist.
    """
    if device.type != "cuda":
        yield
        return
    with _EXCLUSIVE:
        yield


@contextmanager
def own_stream(device: torch.device) -> Iterator[None]:
    """Run what this thread does on the device on a stream of its own; nothing on a CPU."""
    if device.type != "cuda":
        yield
        return
    with torch.cuda.device(device):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            try:
                yield
            finally:
                stream.synchronize()  # what it used may be freed afterwards


@contextmanager
def float32_precision(precision: Precision) -> Iterator[None]:
    """Let products and convolutions in float32 use TF32 for `tf32`, and not for anything else.

    It is a setting of the process, so a caller on CUDA holds `exclusive`.
    """
    set_float32(TF32 if precision == "tf32" else TRUE)
    try:
        yield
    finally:
        set_float32(TRUE)


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context of a forward pass: autocast to bfloat16 for `bf16`, else nothing."""
    if precision != "bf16":
        return nullcontext()
    # A cast that is cached outside of a CUDA graph would be missing in its replays.
    return torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=False)


def images_to_device(images: Tensor, device: torch.device) -> Tensor:
    """Turn (N, H, W, 3) uint8 into (N, 3, H, W) float32 in 0..1 on the device.

    The images lie in channels-last order, in which this network trains and runs more slowly on a
    CPU (`tests/benchmarks/memory_format.py`), so they are rearranged.
    """
    return images.to(device).permute(0, 3, 1, 2).contiguous().to(torch.float32).div_(255)


def precision_of(config: TrainingConfig, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the steps of a recipe run or are captured."""
    return float32_precision(config.precision) if device.type == "cuda" else nullcontext()
