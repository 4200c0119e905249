"""GPUs by number: those that the user names, and those that there are. Torch only to count them."""

import os
from collections.abc import Sequence

from workbench.errors import ConfigError
from workbench.system.text import counted

_VISIBLE = "CUDA_VISIBLE_DEVICES"


def gpu_numbers(text: str) -> tuple[int, ...]:
    """Read the numbers of GPUs, such as `0,1`.

    Raises:
        ConfigError: For what is no number, or is named twice.
    """
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdigit()):
            raise ConfigError(f"--devices takes numbers of GPUs such as 0,1, got {text!r}")
    numbers = tuple(map(int, parts))
    if len(set(numbers)) < len(numbers):
        raise ConfigError(f"--devices names each GPU once, got {text!r}")
    return numbers


def check_gpus(numbers: Sequence[int]) -> None:
    """Check that GPUs exist; without numbers there is nothing to check.

    Raises:
        ConfigError: Naming the first that does not.
    """
    if not numbers:
        return
    import torch

    count = torch.cuda.device_count()
    for number in numbers:
        if number >= count:
            found = (
                f"PyTorch sees {counted(count, 'GPU')}, numbered from 0"
                if count
                else ("PyTorch sees no GPU on this machine")
            )
            raise ConfigError(f"--devices: there is no GPU {number}; {found}")


def visible_names(numbers: Sequence[int]) -> list[str]:
    """Return what each process must have as CUDA_VISIBLE_DEVICES to see one GPU of its own.

    Args:
        numbers: GPUs as PyTorch counts them in this process, which may see a part of them only.

    Returns:
        One for each number; one empty text, for all that this process sees, if there are none.
    """
    names = [part.strip() for part in os.environ.get(_VISIBLE, "").split(",") if part.strip()]
    return [names[n] if n < len(names) else str(n) for n in numbers] or [""]
