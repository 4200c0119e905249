"""Out of memory: there is no one exception for it."""

import errno

_SAYINGS = (
    "CUDA out of memory",  # PyTorch's allocator of the GPU
    "can't allocate memory",  # PyTorch's allocator of the CPU, on Linux
    "Cannot allocate memory",  # the system
    "failed to map segment",  # the system, when a library is loaded
)


def ran_out(error: BaseException) -> bool:
    """Tell whether an error means that the machine's memory did not suffice.

    See `models.memory.is_out_of_memory` for a device's.
    """
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    kinds = RuntimeError | OSError | ImportError
    return isinstance(error, kinds) and any(saying in str(error) for saying in _SAYINGS)


def in_one_line(error: BaseException) -> str:
    """Return such an error in one line."""
    return f"out of memory: {one_line(error)}"[:200]


def one_line(error: BaseException) -> str:
    """Return an error's text in one line, its name if it has none."""
    return " ".join(str(error).split()) or type(error).__name__
