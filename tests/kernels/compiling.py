"""Compile every kernel for GPUs that are not there: `python -m tests.kernels.compiling 80 90`.

Maps are bfloat16 and parameters float32, as under autocast, which has all casts; `--float32` has
maps in float32, too.

It prints a line for each kernel that a training launches: registers of a thread, and bytes that
spill to memory. Needs no device, but a process in which Triton does not interpret its kernels.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

from workbench.kernels import fused
from workbench.training.device import float32_precision

POINTERS = {
    torch.float32: "*fp32",
    torch.bfloat16: "*bf16",
    torch.float16: "*fp16",
    torch.int32: "*i32",
}
SCALARS = {int: "i32", float: "fp32"}
OPTIONS = ("num_warps", "num_stages")
TOOL = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"


@dataclass(frozen=True)
class Launch:
    """A kernel with the types and constants of one call."""

    kernel: Any
    signature: dict[str, str]
    constants: dict[tuple[int, ...], object]
    attributes: dict[tuple[int, ...], list[tuple[str, int]]]
    """What is known of the arguments: that 16 divides an address or a number."""
    options: dict[str, Any]

    @classmethod
    def of(cls, kernel: Any, args: tuple[object, ...], named: dict[str, Any]) -> "Launch":
        values = dict(zip(kernel.arg_names, args, strict=False)) | named
        signature: dict[str, str] = {}
        constants: dict[tuple[int, ...], object] = {}
        attributes: dict[tuple[int, ...], list[tuple[str, int]]] = {}
        for number, parameter in enumerate(kernel.params):
            value = values[parameter.name]
            if parameter.is_constexpr or value is None:
                signature[parameter.name] = "constexpr"
                constants[number,] = value
            elif isinstance(value, torch.Tensor):
                signature[parameter.name] = POINTERS[value.dtype]
                attributes[number,] = [("tt.divisibility", 16)]
            else:
                signature[parameter.name] = SCALARS[type(value)]
                if not parameter.do_not_specialize and value % 16 == 0:
                    attributes[number,] = [("tt.divisibility", 16)]
        options = {k: v for k, v in named.items() if k in OPTIONS}
        return cls(kernel, signature, constants, attributes, options)

    @property
    def name(self) -> str:
        """Its file, name, constants and kind of numbers."""
        names = self.kernel.arg_names
        constants = [f"{names[n]}={v}" for (n,), v in self.constants.items() if v is not None]
        kinds = sorted(set(self.signature.values()) & set(POINTERS.values()))
        file = self.kernel.__module__.rpartition(".")[2]
        aligned = sum(self.signature[names[n]] == "i32" for (n,) in self.attributes)
        more = ["aligned"] * (aligned > 0)
        return f"{file}.{self.kernel.__name__} {' '.join([*constants, *kinds, *more])}"

    def resources(self, arch: int) -> dict[str, int]:
        """Compile it and return its registers and bytes of memory by kind."""
        source = ASTSource(
            fn=self.kernel,
            signature=self.signature,
            constexprs=self.constants,
            attrs=self.attributes,
        )
        target = GPUTarget("cuda", arch, 32)
        compiled = triton.compile(source, target=target, options=self.options)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "kernel.cubin"
            file.write_bytes(compiled.asm["cubin"])
            command = [str(TOOL), "--dump-resource-usage", str(file)]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        pairs = [word.partition(":") for word in text.split() if word.startswith(tuple("RSL"))]
        return {name: int(value) for name, _, value in pairs if value.isdecimal()}


def launches(dtypes: Sequence[torch.dtype]) -> list[Launch]:
    """Return what forward and backward passes of all operations launch, each kernel once."""
    found: dict[str, Launch] = {}

    def run(kernel: Any, *args: object, grid: object, warmup: bool, **named: Any) -> None:
        launch = Launch.of(kernel, args, named)
        found.setdefault(launch.name, launch)

    with pytest.MonkeyPatch.context() as patch, float32_precision("fp32"):
        patch.setattr(JITFunction, "run", run)
        patch.setattr(fused, "_interpreted", lambda: True)  # so that it takes tensors of a CPU
        for dtype in dtypes:
            _call_all(dtype)
        _backward(_pointwise(torch.float32))  # whose products are three, and take most registers
    return list(found.values())


def _call_all(dtype: torch.dtype) -> None:
    weight, bias = torch.ones(4, 1, 3, 3, requires_grad=True), torch.ones(4, requires_grad=True)
    scale = torch.ones(2, 4, 1, 1, requires_grad=True)

    def map_(channels: int, side: int) -> torch.Tensor:
        return _map(channels, side, dtype)

    operations = fused.FUSED
    x = map_(4, 24)
    _backward(
        [
            operations.depthwise(x, weight, bias, padding="reflect", skip=x, activation="gelu"),
            operations.depthwise(x, weight, bias, activation="leaky-relu"),
            operations.depthwise(x, weight, bias, scale=scale),
            operations.depthwise(x, weight, None, stride=2, padding="reflect"),
            operations.spread_sum([map_(7, 4), map_(7, 3), map_(7, 4)], map_(7, 24), (24, 24)),
            operations.local_variance(map_(7, 12), 7, 1),
            operations.contrast_and_mean(x),
            operations.contrast_and_mean(map_(1, 192)),
            operations.gate(x, map_(4, 24), add_input=True),
            *_pointwise(dtype),
        ]
    )


def _pointwise(dtype: torch.dtype) -> list[torch.Tensor]:
    """Return 1x1 convolutions of small and of large maps."""
    found = []
    for taken, given, side in (
        (28, 28, 24),
        (28, 28, 96),
        (56, 28, 96),
        (64, 64, 96),
        (224, 28, 96),
    ):
        weight = torch.ones(given, taken, 1, 1, requires_grad=True)
        bias = torch.ones(given, requires_grad=True)
        found.append(fused.FUSED.pointwise(_map(taken, side, dtype), weight, bias))
    return found


def _map(channels: int, side: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.ones(2, channels, side, side, dtype=dtype, requires_grad=True)


def _backward(results: Sequence[torch.Tensor]) -> None:
    for result in results:
        result.sum().backward()


if __name__ == "__main__":
    given = sys.argv[1:]
    also = [torch.float32] if "--float32" in given else []
    for each in launches([torch.bfloat16, *also]):
        for number in map(int, (word for word in given if word != "--float32")):
            used = each.resources(number)
            print(  # noqa: T201
                f"sm_{number} {used['REG']} registers, {used['STACK']} B spilled: {each.name}"
            )
