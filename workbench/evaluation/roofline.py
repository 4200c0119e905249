"""The least time that memory allows a network: its least traffic at the device's copy bandwidth.

Networks of this family have few multiply-adds for each value that they read and write, so memory
bounds them, not arithmetic. What a fused kernel keeps in registers is not traffic, so a network can
in principle be faster than this bound; PyTorch's operations, one at a time, cannot.
"""

import torch

from workbench.evaluation.latency import Clock, Timing, measure_runs
from workbench.results import Cost

_COPIED_BYTES = {"cpu": 2**27, "cuda": 2**29}
"""Far more than the caches hold."""
_ROUNDS, _WARM_UP = 9, 2
_WEIGHT_BYTES = 4
"""Of a weight while it is trained, in every precision."""
_BACKWARD = 2
"""Each value is read for the gradient of an input and for that of weights."""


def copy_bandwidth(device: torch.device, clock: Clock) -> float:
    """Return the bytes a second, read and written, of a large copy on the device.

    Args:
        device: On a CPU it is the bandwidth of the threads that are set.
        clock: By which the networks are timed, too.
    """
    source = torch.zeros(_COPIED_BYTES[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    timing = Timing(_ROUNDS, _WARM_UP, clock, device)
    time = measure_runs({"copy": lambda: target.copy_(source)}, timing)["copy"]
    return 2 * source.numel() / (time.median_ms / 1e3)


def least_bytes(cost: Cost, batch: int, value_bytes: int, *, is_training: bool) -> int:
    """Return the least traffic of one run in bytes.

    Every parameter, and every value in the output of a convolution, counts once in the forward pass
    and twice more in the backward pass.

    Args:
        cost: Of one image of the size that is run.
        batch: Images.
        value_bytes: Of one value of a feature map.
        is_training: Whether there is a backward pass.
    """
    weights = cost.parameters * (_WEIGHT_BYTES if is_training else value_bytes)
    once = weights + batch * cost.activations * value_bytes
    return once * (1 + _BACKWARD) if is_training else once
