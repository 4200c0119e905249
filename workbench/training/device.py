"""Where a trial runs: device, threads, determinism, half precision."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from workbench.config.bounds import MOST_THREADS
from workbench.config.training import TrainingConfig
from workbench.errors import ConfigError

CHECK_LOSS_EVERY = {"cpu": 1, "cuda": 20}
"""Steps between two looks at the loss; on CUDA each look waits for the device."""


def prepare(device: str, threads: int) -> torch.device:
    """Set this process up: the threads, and on CUDA deterministic kernels where there are some.

    Threads are part of a result's last digits, so they never come from the environment.

    Raises:
        ConfigError: If the device is unknown, or CUDA and there is none, or for too many threads.
    """
    if device not in CHECK_LOSS_EVERY:
        raise ConfigError(f"the device must be cpu or cuda, got {device!r}")
    if not 1 <= threads <= MOST_THREADS:
        raise ConfigError(f"threads must lie in 1..{MOST_THREADS:,}, got {threads}")
    torch.set_num_threads(threads)
    if device == "cuda":
        if not torch.cuda.is_available():
            raise ConfigError("PyTorch sees no CUDA device on this machine, got 'cuda'; use cpu")
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device(device)


def images_to_device(images: Tensor, device: torch.device) -> Tensor:
    """Turn (N, H, W, 3) uint8 into (N, 3, H, W) float32 in 0..1 on the device.

    The images lie in channels-last order, in which this network trains and runs more slowly on a
    CPU (`tests/benchmarks/memory_format.py`), so they are rearranged.
    """
    if device.type == "cuda":
        images = images.pin_memory().to(device, non_blocking=True)
    return images.permute(0, 3, 1, 2).contiguous().to(torch.float32).div_(255)


def autocast(config: TrainingConfig) -> AbstractContextManager[object]:
    """Return the half-precision context of the config, or one that does nothing."""
    return torch.autocast("cuda", dtype=torch.float16) if config.amp else nullcontext()


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that the device's memory did not suffice."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # The CPU allocator has no exception class of its own.
    return isinstance(error, RuntimeError) and "not enough memory" in str(error)
