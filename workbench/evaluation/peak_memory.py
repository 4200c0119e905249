"""The most memory that something takes: of a CUDA device, or of this process on Linux."""

import ctypes
import re
from contextlib import suppress
from pathlib import Path

import torch

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What the kernel takes as the order to start the peak anew."""


class PeakMemory:
    """Watches memory from its making on.

    On CUDA it is what PyTorch holds, also for graphs while they are not replayed. On a CPU it is
    the resident memory of the process, with that of all its threads.

    Args:
        device: Whose memory is watched.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before: int | None
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            self._before = torch.cuda.memory_reserved(device)
        else:
            self._before = _reset_resident()

    def most_bytes(self) -> int | None:
        """Return the most that was held since, beyond what was before; None if nothing tells it."""
        if self._before is None:
            return None
        if self._device.type == "cuda":
            return torch.cuda.max_memory_reserved(self._device) - self._before
        peak = _resident("VmHWM")
        return None if peak is None else max(0, peak - self._before)


def _reset_resident() -> int | None:
    """Give free memory back, start the process's peak anew, and return what is resident."""
    with suppress(OSError, AttributeError):  # no glibc
        ctypes.CDLL(None).malloc_trim(0)
    try:
        _CLEAR.write_text(_RESET_PEAK)
    except OSError:
        return None
    return _resident("VmRSS")


def _resident(field: str) -> int | None:
    try:
        found = re.search(rf"^{field}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    except OSError:
        return None
    return 1024 * int(found[1]) if found else None
