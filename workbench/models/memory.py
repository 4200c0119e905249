"""Out of memory on the device that a network runs on."""

import torch


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that the device's memory did not suffice."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # The CPU allocator has no exception class of its own.
    return isinstance(error, RuntimeError) and "not enough memory" in str(error)
