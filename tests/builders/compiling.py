"""Compile, without a GPU, the kernels that a computation launches.

The interpreter runs a kernel as Python; only the compiler says whether it is one for a GPU. Run as
a program (in a process of its own, since Triton decides at import whether kernels are interpreted),
this compiles each kernel once, or for all that a training step of some presets launches:

    python -m tests.builders.compiling mdrn-s bsrn
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import torch
import triton
from torch import Tensor
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.kernels import fused
from workbench.models.factory import build_model
from workbench.models.operations import use_operations

TARGET = GPUTarget("cuda", 90, 32)  # H100 and H200
POINTERS = {torch.float32: "*fp32", torch.bfloat16: "*bf16", torch.float16: "*fp16"}

Launch = tuple[JITFunction[Any], tuple[tuple[str, str, Any], ...]]
"""A kernel, and name, type and value (of constants only) of each argument."""


def described(function: JITFunction[Any], args: Any, kwargs: dict[str, Any]) -> Launch:
    """Return what a launch would be compiled for."""
    bound = inspect.signature(function.fn).bind(*args, **kwargs)
    constants = {p.name for p in function.params if p.is_constexpr}
    found: list[tuple[str, str, Any]] = []
    for name, value in bound.arguments.items():
        if name in constants or value is None:
            found.append((name, "constexpr", value))
        else:
            found.append((name, POINTERS[value.dtype] if isinstance(value, Tensor) else "i32", 0))
    return function, tuple(found)


def launches(run: Callable[[], object]) -> list[Launch]:
    """Return the different launches of a computation on CPU tensors, which computes nothing."""
    found: dict[Any, Launch] = {}

    def record(function: JITFunction[Any], *args: Any, **kwargs: Any) -> None:
        kwargs = {k: v for k, v in kwargs.items() if k not in ("grid", "warmup")}
        launch = described(function, args, kwargs)
        found[launch[0].fn, launch[1]] = launch

    real, JITFunction.run = JITFunction.run, record
    try:
        run()
    finally:
        JITFunction.run = real
    return list(found.values())


def compiled(launch: Launch) -> Any:
    """Return the compiled kernel of a launch."""
    function, arguments = launch
    places = {name: function.arg_names.index(name) for name, _, _ in arguments}
    source = ASTSource(
        fn=function,
        signature={name: kind for name, kind, _ in arguments},
        constexprs={(places[n],): value for n, kind, value in arguments if kind == "constexpr"},
        attrs={
            (places[n],): [["tt.divisibility", 16]] for n, kind, _ in arguments if kind[0] == "*"
        },
    )
    return triton.compile(source, target=TARGET)


def training_step(name: str) -> None:
    """Run forward and backward of a preset with one block, under autocast to bfloat16."""
    config = apply_overrides(PRESETS[name], {"blocks": 1})
    model = build_model(config, seed=1)
    use_operations(model, fused.FUSED)
    side = config.smallest_lr_px()
    with torch.autocast("cpu", torch.bfloat16):
        out = model(torch.rand(1, 3, side, side))
    out.sum().backward()


def fullest(found: list[Launch]) -> list[Launch]:
    """Return the launch with the most arguments of each kernel."""
    best: dict[Any, Launch] = {}
    for launch in sorted(found, key=lambda launch: sum(v is None for _, _, v in launch[1])):
        best.setdefault(launch[0].fn, launch)
    return list(best.values())


def main(names: list[str]) -> None:
    """Compile and print one launch of each kernel, or every launch of the presets named."""
    fused._interpreted = lambda: True
    for name in names or ["tiny"]:
        found = launches(lambda name=name: training_step(name))  # type: ignore[misc]
        for launch in found if names else fullest(found):
            kernel = compiled(launch)
            constants = {n: v for n, kind, v in launch[1] if kind == "constexpr"}
            function = f"{launch[0].__module__.rpartition('.')[2]}.{launch[0].__name__}"
            lines = len(kernel.asm["ptx"].splitlines())
            sys.stdout.write(f"{function}: {lines} lines of PTX, {constants}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
