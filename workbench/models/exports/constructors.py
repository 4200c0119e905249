"""How a module is written as a call of its class."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn

from workbench.errors import ExportError
from workbench.models.exports.sources import is_own_method
from workbench.models.layers import (
    BSConv,
    DepthwiseConvolution,
    PlainConvolution,
    PointwiseConvolution,
)

Arguments = Mapping[str, object]

WHOLE: dict[type[nn.Module], Callable[[Any], Arguments]] = {
    BSConv: lambda module: {
        "in_channels": module.pointwise.in_channels,
        "out_channels": module.pointwise.out_channels,
        "stride": module.depthwise.stride[0],
        "padding": module.depthwise.border,
        "bias": module.pointwise.bias is not None,
    },
    PointwiseConvolution: lambda module: {
        "in_channels": module.in_channels,
        "out_channels": module.out_channels,
        "bias": module.bias is not None,
    },
    DepthwiseConvolution: lambda module: {
        "channels": module.in_channels,
        "stride": module.stride[0],
        "padding": module.border,
    },
    PlainConvolution: lambda module: {
        "in_channels": module.in_channels,
        "out_channels": module.out_channels,
        "stride": module.stride[0],
        "padding": module.border,
    },
}
"""Classes without a config, which are written as they are; and the arguments of an instance."""


def is_of_torch(kind: type[nn.Module]) -> bool:
    """Tell whether a class is one of `torch.nn`."""
    return kind.__module__.startswith("torch.nn.")


def call(module: nn.Module) -> str:
    """Return the call that builds a module of `torch.nn` or of `WHOLE`.

    Raises:
        ExportError: If an argument cannot be told from the module.
    """
    kind = type(module)
    if kind in WHOLE:
        return _call(kind, kind.__name__, WHOLE[kind](module))
    return _call(kind, f"nn.{kind.__name__}", _arguments_of(module))


def _call(kind: type[nn.Module], name: str, arguments: Arguments) -> str:
    """Write a call: what is required by place if it may be, the rest by name."""
    written = []
    for parameter in _parameters(kind):
        if parameter.name not in arguments:
            continue
        value = arguments[parameter.name]
        by_place = parameter.default is parameter.empty and (
            parameter.kind is not parameter.KEYWORD_ONLY
        )
        if by_place or value != parameter.default:
            written.append(repr(value) if by_place else f"{parameter.name}={value!r}")
    return f"{name}({', '.join(written)})"


def _arguments_of(module: nn.Module) -> Arguments:
    """Read the arguments of a module of `torch.nn` from its attributes."""
    found = {}
    for parameter in _parameters(type(module)):
        if hasattr(module, parameter.name):
            value = getattr(module, parameter.name)
            # A bias is a tensor or None, and an argument that is true or false.
            bias = parameter.name == "bias"
            found[parameter.name] = isinstance(value, Tensor) if bias else _single(value)
        elif parameter.default is parameter.empty:
            raise ExportError(
                f"{type(module).__name__} cannot be written: its {parameter.name} is not known"
            )
    return found


def _parameters(kind: type[nn.Module]) -> list[inspect.Parameter]:
    found = inspect.signature(kind).parameters.values()
    return [one for one in found if one.name not in ("device", "dtype", "args", "kwargs")]


def _single(value: object) -> object:
    """Return the one number of a size that is the same in all directions."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return value


def tensor_lines(module: nn.Module, used: set[str]) -> list[str]:
    """Return the lines that build the parameters and buffers of a module itself.

    Raises:
        ExportError: If a method reads an attribute that is neither of them nor a module.
    """
    lines = [
        f"self.{name} = nn.Parameter(torch.empty({tuple(parameter.shape)}))"
        for name, parameter in module._parameters.items()
        if parameter is not None
    ]
    for name, buffer in module._buffers.items():
        if buffer is None or (name in module._non_persistent_buffers_set and name not in used):
            continue
        values = f"torch.zeros({tuple(buffer.shape)}, dtype={buffer.dtype})"
        persistent = name not in module._non_persistent_buffers_set
        if not persistent:
            values = f"torch.tensor({_numbers(buffer)}).view({tuple(buffer.shape)})"
        lines.append(f"self.register_buffer({name!r}, {values}, persistent={persistent})")
    known = {"training", *module._modules, *module._parameters, *module._buffers}
    for name in sorted(used - known):
        is_known = is_own_method(type(module), name) or hasattr(nn.Module, name)
        if not is_known and getattr(module, name) is not None:
            raise ExportError(f"{type(module).__name__}.{name} cannot be written")
    return lines


def _numbers(tensor: Tensor) -> str:
    """Return the values of a float32 tensor, each with as many digits as it has."""
    return f"[{', '.join(str(np.float32(value)) for value in tensor.flatten().tolist())}]"


def container(kind: type[nn.Module], inside: dict[str, str]) -> str:
    """Return the call that builds a container of modules, from the calls that build them."""
    calls = list(inside.values())
    if kind is nn.ModuleDict:
        return f"nn.ModuleDict({{{', '.join(f'{key!r}: {one}' for key, one in inside.items())}}})"
    if kind is nn.ModuleList:
        if len(calls) > 1 and len(set(calls)) == 1:
            return f"nn.ModuleList([{calls[0]} for _ in range({len(calls)})])"
        return f"nn.ModuleList([{', '.join(calls)}])"
    return f"nn.Sequential({', '.join(calls)})"
