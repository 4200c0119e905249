"""Where finished networks run, and in which precision: device, threads, TF32, half precision."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from workbench.config.bounds import MOST_THREADS
from workbench.config.evaluation import InferencePrecision
from workbench.errors import ConfigError, ForeignCodeError, WorkbenchError, one_line
from workbench.evaluation.graphs import GraphedNetwork
from workbench.evaluation.running import NotFiniteError
from workbench.evaluation.self_ensemble import SelfEnsemble
from workbench.kernels.fused import FUSED, fused_available
from workbench.models.foreign import Adapted
from workbench.models.operations import has_operations, use_operations
from workbench.models.own_code import code_of, own_code
from workbench.system.float32 import TF32, TRUE, float32, set_float32

DTYPES = {
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
"""Of weights, inputs and feature maps."""
_ON_CPU = ("fp32", "bf16")


def open_device(name: str, precision: InferencePrecision = "fp32") -> torch.device:
    """Return the device of a name.

    Args:
        name: `cpu`, `cuda`, or `cuda:N` for the N-th device, from 0.
        precision: What it is to compute in.

    Raises:
        ConfigError: If the name is unknown, the device does not exist, or a CPU is to compute in
            tf32 or fp16.
    """
    kind, colon, number = name.partition(":")
    indexed = not colon or (number.isdecimal() and len(number) < 4)
    if (kind, colon) != ("cpu", "") and (kind != "cuda" or not indexed):
        raise ConfigError(f"the device must be cpu, cuda or cuda:N, got {name!r}")
    if kind == "cpu":
        if precision not in _ON_CPU:
            raise ConfigError(f"on a CPU the precision must be fp32 or bf16, got {precision!r}")
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ConfigError(f"PyTorch sees no CUDA device on this machine, got {name!r}; use cpu")
    count = torch.cuda.device_count()
    if int(number or 0) >= count:
        plural = "device" if count == 1 else "devices"
        raise ConfigError(f"this machine has {count} CUDA {plural}, numbered from 0; got {name!r}")
    return torch.device("cuda", int(number or 0))


@contextmanager
def inference_on(
    device: torch.device, threads: int, precision: InferencePrecision
) -> Iterator[None]:
    """Set the threads, the current CUDA device and TF32 in the block, and put all back afterwards.

    Raises:
        ConfigError: For too many threads, or none.
        NotFiniteError: One that is raised in the block, in fp16 with its likely cause.
    """
    if not 1 <= threads <= MOST_THREADS:
        raise ConfigError(f"threads must lie in 1..{MOST_THREADS:,}, got {threads}")
    threads_before, float32_before = torch.get_num_threads(), float32()
    torch.set_num_threads(threads)
    set_float32(TF32 if precision == "tf32" else TRUE)
    try:
        with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
            yield
    except NotFiniteError as error:
        if precision != "fp16":
            raise
        cause = "or its values are beyond the 65,504 of fp16; try --precision bf16 or fp32"
        raise NotFiniteError(f"{error}, {cause}") from error
    finally:
        torch.set_num_threads(threads_before)
        set_float32(float32_before)


def place_network(
    module: nn.Module,
    device: torch.device,
    precision: InferencePrecision,
    *,
    fused: bool = False,
    self_ensemble: bool = False,
) -> nn.Module:
    """Return a network that runs on a device in a precision; float32 in and out.

    In fp32 and tf32 the module itself is moved; in half precision, and where Triton kernels
    compute it, a copy is made. On CUDA, inputs of a size that was seen before are run as CUDA
    graphs, except by foreign code, which may depend on anything. With `fused` the Triton kernels
    compute a network of the family where there are any, faster and, in float32, with the same
    values but for the last digits. A
    self-ensemble runs the network once for each orientation; where images are tiled, once for each
    orientation of each tile.

    Raises:
        ForeignCodeError: In `forward`, if the network cannot run in half precision.
    """
    fused = fused and fused_available(device) and has_operations(module)
    placed: nn.Module = module
    if DTYPES[precision] != torch.float32:
        placed = HalfNetwork(module, precision)
    elif fused:
        with own_code(code_of(module), "copied"):
            placed = copy.deepcopy(module)
    placed = placed.to(device)
    if fused:
        use_operations(placed, FUSED)
    if device.type == "cuda" and not isinstance(module, Adapted):
        placed = GraphedNetwork(placed)
    return SelfEnsemble(placed) if self_ensemble else placed


class HalfNetwork(nn.Module):
    """A copy of a network in bf16 or fp16: weights, input and feature maps."""

    def __init__(self, module: nn.Module, precision: InferencePrecision) -> None:
        super().__init__()
        self.precision = precision
        self.dtype = DTYPES[precision]
        with own_code(code_of(module), f"copied to {precision}"):
            self.module = copy.deepcopy(module).to(self.dtype)

    def forward(self, lr: Tensor) -> Tensor:
        """(N, 3, h, w) -> (N, 3, scale * h, scale * w), float32.

        Raises:
            ForeignCodeError: If an operation of the network does not take half precision.
        """
        try:
            out: Tensor = self.module(lr.to(self.dtype))
        except (WorkbenchError, torch.OutOfMemoryError):
            raise
        except RuntimeError as error:
            reason = one_line(error)
            raise ForeignCodeError(
                f"this network cannot run in {self.precision} ({reason}); use --precision fp32"
            ) from error
        return out.to(torch.float32)
